import { matchRules } from '../../match.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { SeenRecord } from '../../doctor/facts.ts';
import type { Evidence, Finding, Fix } from '../../doctor/finding.ts';
import { ask, call, functionInput, tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called, calledRules, evidence, cut } from '../../doctor/words.ts';
import { about, functionsOf, type FunctionHop } from './about.ts';
import { keysNest, ownRecords } from './loop.ts';

/** The function writes into the bucket under keys that its own rule takes: each output is an input. */
export const recursionRunaway: Check = {
  id: 'recursion-runaway',
  reads: ['functions.log', 'functions.recursion', 'functions.concurrency', 'bucket.name', 'identity'],
  judge(look) {
    return functionsOf(look).flatMap((one) => loopFinding(look, one) ?? []);
  },
};

function loopFinding(look: Look, one: FunctionHop): Finding | undefined {
  const { hop, node } = one;
  const { name } = look.facts.bucket;
  const all = look.value(node.log?.seen)?.records.filter(({ bucket }) => bucket === name) ?? [];
  const rules = look.rules.filter(({ id }) => hop.ruleIds.includes(id));
  // What the rules of today do not take any more is a loop that was mended.
  const taken = all.filter(
    ({ key, eventName, via }) =>
      via.includes('eventbridge') || matchRules(rules, key, eventName).matches.length > 0,
  );
  const own = ownRecords(node, taken);
  const [first] = own;
  const nests = keysNest(node, taken);
  if (!first && !nests) return undefined;
  // Code that ends its own loop is invoked once more for each upload; a loop is invoked for each of its outputs too.
  const goesOn = first !== undefined && (nests || own.length > taken.length - own.length);
  const shown = first ?? taken.at(-1);
  return {
    id: 'recursion-runaway',
    verdict: goesOn ? 'broken' : 'suspected',
    severity: 'COST',
    ...about(hop),
    message: goesOn
      ? `${called(hop.arn)} invokes itself: it writes objects that ${calledRules(hop)} sends to it again`
      : `${called(hop.arn)} seems to be invoked by objects that it wrote itself`,
    evidence: [...evidenceOf(own, shown), ...settingOf(one)],
    fix: fixOf(look, one),
  };
}

function evidenceOf(own: readonly SeenRecord[], shown: SeenRecord | undefined): readonly Evidence[] {
  return [
    ...(own.length === 0
      ? []
      : [
          { call: 'log', field: 'userIdentity.principalId', value: cut(own[0]?.principalId ?? '') },
          { call: 'log', field: 'records caused by itself', value: String(own.length) },
        ]),
    ...(shown ? [{ call: 'log', field: 's3.object.key', value: cut(shown.key) }] : []),
  ];
}

function settingOf({ node }: FunctionHop): readonly Evidence[] {
  const setting = valueOf(node.recursion);
  return setting === undefined ? [] : [evidence(node.recursion, 'RecursiveLoop', setting)];
}

function fixOf(look: Look, { hop, node }: FunctionHop): Fix {
  const narrow = `Let it write to another bucket, or to keys that ${calledRules(hop)} does not take.`;
  if (!isAbsent(node.concurrency) && valueOf(node.concurrency) === 0) {
    return tell(`${narrow} Its reserved concurrency of 0 is the brake: take it away only after that.`);
  }
  const { FunctionName } = functionInput(node, valueOf(look.facts.identity)?.account);
  return {
    ...ask(call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions: 0 })),
    advice: `This is only the brake. ${narrow} Then remove the reserved concurrency again.`,
  };
}
