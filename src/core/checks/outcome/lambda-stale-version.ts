import type { Check, Look } from '../../doctor/check.ts';
import type { Evidence, Finding, Fix } from '../../doctor/finding.ts';
import { ask, call, functionInput, tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { about, reachedFunctions, RUN_READS, runsOf, type Reached, type Run } from './runs.ts';

/** Earlier code answers than the one that was deployed last: a pinned version, an alias, or an update that failed. */
export const lambdaStaleVersion: Check = {
  id: 'lambda-stale-version',
  reads: [...RUN_READS, 'functions.newestVersion', 'identity'],
  judge: (look) =>
    reachedFunctions(look).flatMap((reached) => {
      const found = failedUpdate(reached) ?? pinned(look, reached) ?? splitTraffic(look, reached);
      return found ? [found] : [];
    }),
};

type Part = Pick<Finding, 'verdict' | 'message' | 'evidence' | 'fix'>;

function finding(reached: Reached, part: Part): Finding {
  return {
    id: 'lambda-stale-version',
    severity: part.verdict === 'risk' ? 'RISK' : 'SOME',
    ...about(reached),
    ...part,
  };
}

/** It keeps the code of before, and runs: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html */
function failedUpdate(reached: Reached): Finding | undefined {
  const { node, configuration } = reached;
  const isLatest = node.qualifier === undefined || node.qualifier === '$LATEST';
  if (!isLatest || configuration?.lastUpdateStatus !== 'Failed') return undefined;
  const reason = configuration.lastUpdateReason ?? configuration.lastUpdateReasonCode ?? 'no reason given';
  return finding(reached, {
    verdict: 'risk',
    message: `the last update of ${called(reached.arn)} failed, so the code from before it answers`,
    evidence: [
      evidence(node.configuration, 'LastUpdateStatus', 'Failed'),
      evidence(node.configuration, 'LastUpdateStatusReason', cut(reason)),
    ],
    fix: tell('Deploy the function again once that reason is gone.'),
  });
}

/** A version by its number. An alias on an older one is how releases are made, and says nothing. */
function pinned(look: Look, reached: Reached): Finding | undefined {
  const { node } = reached;
  const { qualifier } = node;
  if (qualifier === undefined || !/^\d+$/.test(qualifier)) return undefined;
  const newest = look.value(node.newestVersion);
  if (newest === undefined || !(Number(newest) > Number(qualifier))) return undefined;
  return finding(reached, {
    verdict: 'risk',
    message: `${called(reached.arn)} is named by its version number, and version ${newest} is newer`,
    evidence: [evidence(node.newestVersion, 'Version', newest)],
    fix: tell(
      'Let the rule name an alias, which can be moved from version to version; the alias needs the permission for S3 too.',
    ),
  });
}

/** An alias with two versions: a canary, unless one of them fails where the other does not. */
function splitTraffic(look: Look, reached: Reached): Finding | undefined {
  const { node } = reached;
  const alias = valueOf(node.alias);
  const others = Object.keys(alias?.weights ?? {});
  if (!alias || others.length === 0) return undefined;
  const runs = runsOf(look, reached)?.runs ?? [];
  const states = [alias.version, ...others].map((version) => ({ version, ...countsOf(runs, version) }));
  const bad = states.find(({ ok, failed }) => failed > 0 && ok === 0);
  const good = states.find(({ ok, failed }) => ok > 0 && failed === 0);
  if (!bad || !good) return undefined;
  const proof: readonly Evidence[] = [
    evidence(node.alias, 'RoutingConfig', JSON.stringify(alias.weights)),
    { call: 'log', field: `version ${bad.version}`, value: `${bad.failed} failed` },
    { call: 'log', field: `version ${good.version}`, value: `${good.ok} succeeded` },
  ];
  return finding(reached, {
    verdict: 'suspected',
    message: `${called(reached.arn)} divides its events between versions ${bad.version} and ${good.version}, and only those of version ${bad.version} fail`,
    evidence: proof,
    fix: allTo(look, reached, good.version),
  });
}

function countsOf(runs: readonly Run[], version: string): { readonly ok: number; readonly failed: number } {
  const own = runs.filter(({ invocation }) => invocation?.version === version);
  return {
    ok: own.filter(({ state }) => state === 'ok').length,
    failed: own.filter(({ state }) => state === 'failed').length,
  };
}

function allTo(look: Look, { node }: Reached, version: string): Fix {
  const input = functionInput(node, valueOf(look.facts.identity)?.account);
  return ask(
    call('lambda', 'UpdateAlias', {
      FunctionName: input['FunctionName'],
      Name: node.qualifier,
      FunctionVersion: version,
      RoutingConfig: { AdditionalVersionWeights: {} },
    }),
  );
}
