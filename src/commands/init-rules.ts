import { ifKnown } from '../core/facts.ts';
import { readFilter } from '../core/filter-input.ts';
import type { BucketInitFacts, DesiredRules } from '../core/init-plan.ts';
import { rulesOf } from '../core/notification.ts';
import type { ProjectSettings } from '../project/project-file.ts';
import type { Context } from './context.ts';
import type { InitAnswers, InitInput } from './init.ts';
import { refuseBadRules } from './init-checks.ts';
import { madeHere } from './ls.ts';

type DesiredRule = DesiredRules['rules'][number];

const DEFAULT_RULE_IDS = {
  lambda: 'Invoke-Lambda-NewObjects',
  sqs: 'Queue-NewObjects',
  sns: 'Publish-NewObjects',
} as const;

/** What the ids of rules and those that are remembered depend on. */
interface RuleScope {
  readonly ctx: Pick<Context, 'project' | 'emit'>;
  readonly facts: Pick<BucketInitFacts, 'notification'>;
  readonly ours: ReadonlySet<string>;
  readonly kind: keyof typeof DEFAULT_RULE_IDS;
  /** Name of the destination. */
  readonly subject: string;
  /** Whether a rule of that destination leads to the one that is wanted. */
  readonly leadsHere: (arn: string) => boolean;
}

/** The rules that a call of `init` means: those it names, or those that the project made here. Throws S3evtError. */
export function wantedRules(
  input: InitInput,
  answers: InitAnswers,
  scope: RuleScope,
): readonly DesiredRule[] {
  const { ctx, facts } = scope;
  const { events, prefix, suffixes, id } = input;
  const saysNothing =
    input.adds !== true &&
    !answers.asked &&
    [events, prefix, suffixes, id].every((value) => value === undefined);
  const remembered = saysNothing ? rememberedRules(ctx.project.settings, facts, answers.bucket, scope) : [];
  const rules = remembered.length > 0 ? remembered : rulesFor(input, answers, scope);
  refuseBadRules(rules);
  return rules;
}

/** One rule, or one for each suffix, its filter in the form that S3 wants. */
function rulesFor(input: InitInput, answers: InitAnswers, scope: RuleScope): readonly DesiredRule[] {
  const suffixes = answers.suffixes.length === 0 ? [''] : [...new Set(answers.suffixes)];
  const ids = ruleIds(input.id ?? freeRuleId(scope.kind, scope, input.adds === true), suffixes);
  const said = new Set<string>();
  return suffixes.map((suffix, index) => {
    const { filter, warnings } = readFilter({ prefix: answers.prefix, suffix });
    for (const warning of warnings) {
      if (!said.has(warning.message)) scope.ctx.emit({ type: 'warning', warning });
      said.add(warning.message);
    }
    return { id: ids[index] ?? '', events: answers.events, filter };
  });
}

/**
 * The rules that s3evt made on this bucket for this destination and that still stand there: what a run means that says nothing
 * about rules. Without them, `init` in the folder of a project would replace them by the default one.
 */
function rememberedRules(
  settings: ProjectSettings | undefined,
  facts: Pick<BucketInitFacts, 'notification'>,
  bucket: string,
  { leadsHere }: Pick<RuleScope, 'leadsHere'>,
): readonly DesiredRule[] {
  return rulesOf(ifKnown(facts.notification) ?? {})
    .filter((rule) => madeHere(settings, bucket, rule) && leadsHere(rule.destination.arn))
    .map(({ id, events, filter }) => ({ id, events, filter }));
}

/** `.jpg` and `.png` of `photos` -> `photos-jpg`, `photos-png`; numbered where the letters alone would not tell them apart. */
function ruleIds(base: string, suffixes: readonly string[]): readonly string[] {
  if (suffixes.length === 1) return [base];
  const ids: string[] = [];
  for (const suffix of suffixes) {
    const word = suffix.replaceAll(/[^A-Za-z0-9]+/g, '');
    const id = word === '' ? base : `${base}-${word}`;
    ids.push(word === '' || ids.includes(id) ? `${id}-${ids.length + 1}` : id);
  }
  return ids;
}

/** The ids of the bucket's rules that s3evt made. */
export function ourRules(
  settings: ProjectSettings | undefined,
  facts: Pick<BucketInitFacts, 'notification'>,
  bucket: string,
): ReadonlySet<string> {
  const rules = rulesOf(ifKnown(facts.notification) ?? {});
  return new Set(rules.filter((rule) => madeHere(settings, bucket, rule)).map(({ id }) => id));
}

/** The seed's id, unless a rule of others or for another destination has it; when adding, one that no rule has. */
function freeRuleId(kind: keyof typeof DEFAULT_RULE_IDS, scope: RuleScope, adds: boolean): string {
  const id = DEFAULT_RULE_IDS[kind];
  const rules = rulesOf(ifKnown(scope.facts.notification) ?? {});
  const isTaken = (candidate: string) =>
    rules.some(
      (rule) =>
        // Several suffixes make several rules, whose ids begin so.
        (rule.id === candidate || (adds && rule.id.startsWith(`${candidate}-`))) &&
        (adds || !(scope.ours.has(rule.id) && scope.leadsHere(rule.destination.arn))),
    );
  const candidates = [id, `${id}-${scope.subject}`];
  const free = candidates.find((candidate) => !isTaken(candidate));
  if (free !== undefined || !adds) return free ?? `${id}-${scope.subject}`;
  for (let number = 2; ; number++) {
    const numbered = `${id}-${scope.subject}-${number}`;
    if (!isTaken(numbered)) return numbered;
  }
}

/** The flags that make these rules; none for rules that no single call makes, which the project file remembers. */
export function ruleFlags(rules: readonly DesiredRule[]): readonly string[] {
  const [first] = rules;
  if (!first) return [];
  const suffixes = rules.map(({ filter }) => filter.suffix ?? '');
  const base = baseId(rules, suffixes);
  const alike = rules.every(
    (rule) =>
      rule.events.join() === first.events.join() &&
      (rule.filter.prefix ?? '') === (first.filter.prefix ?? ''),
  );
  if (!alike || base === undefined) return [];
  const flags = first.events.flatMap((event) => ['--event', event]);
  if (first.filter.prefix) flags.push('--prefix', first.filter.prefix);
  if (suffixes.some((suffix) => suffix !== '')) flags.push('--suffix', suffixes.join(','));
  return [...flags, '--id', base];
}

function baseId(rules: readonly DesiredRule[], suffixes: readonly string[]): string | undefined {
  const [first = { id: '' }] = rules;
  const candidates = [first.id, first.id.replace(/-[A-Za-z0-9]+$/, '')];
  return candidates.find((base) => ruleIds(base, suffixes).every((id, index) => id === rules[index]?.id));
}
