import { parseFunctionReference } from '../core/arn.ts';
import { ifKnown } from '../core/facts.ts';
import type { Desired, InitFacts } from '../core/init-plan.ts';
import { rulesOf, type Rule } from '../core/notification.ts';
import type { ProjectSettings } from '../project/project-file.ts';
import { madeHere } from './ls.ts';

type DesiredRule = Desired['rules'][number];

const DEFAULT_RULE_ID = 'Invoke-Lambda-NewObjects';

/** What is wanted of the rules; `id` is the one of a single rule, and what the ids of several begin with. */
export interface WantedRules {
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffixes: readonly string[];
  readonly id: string | undefined;
}

/** One rule, or one for each suffix. */
export function rulesFor(
  wanted: WantedRules,
  facts: InitFacts,
  functionName: string,
  ours: ReadonlySet<string>,
): readonly DesiredRule[] {
  const suffixes = wanted.suffixes.length === 0 ? [''] : [...new Set(wanted.suffixes)];
  const ids = ruleIds(wanted.id ?? freeRuleId(facts, functionName, ours), suffixes);
  return suffixes.map((suffix, index) => ({
    id: ids[index] ?? '',
    events: wanted.events,
    filter: {
      ...(wanted.prefix === '' ? {} : { prefix: wanted.prefix }),
      ...(suffix === '' ? {} : { suffix }),
    },
  }));
}

/**
 * The rules that s3evt made on this bucket for this function and that still stand there: what a run means that says nothing
 * about rules. Without them, `init` in the folder of a project would replace them by the default one.
 */
export function rememberedRules(
  settings: ProjectSettings | undefined,
  facts: InitFacts,
  target: { readonly bucket: string; readonly function: string; readonly qualifier: string | undefined },
): readonly DesiredRule[] {
  return rulesOf(ifKnown(facts.notification) ?? {})
    .filter((rule) => madeHere(settings, target.bucket, rule) && leadsTo(rule, target))
    .map(({ id, events, filter }) => ({ id, events, filter }));
}

function leadsTo(rule: Rule, target: { function: string; qualifier: string | undefined }): boolean {
  const reference = parseFunctionReference(rule.destination.arn);
  return reference?.name === target.function && reference.qualifier === target.qualifier;
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
  facts: InitFacts,
  bucket: string,
): ReadonlySet<string> {
  const rules = rulesOf(ifKnown(facts.notification) ?? {});
  return new Set(rules.filter((rule) => madeHere(settings, bucket, rule)).map(({ id }) => id));
}

/** The seed's id, unless a rule of others or for another destination has it. */
function freeRuleId(facts: InitFacts, functionName: string, ours: ReadonlySet<string>): string {
  const taken = rulesOf(ifKnown(facts.notification) ?? {}).filter(
    (rule) => !ours.has(rule.id) || parseFunctionReference(rule.destination.arn)?.name !== functionName,
  );
  const ids = new Set(taken.map((rule) => rule.id));
  if (!ids.has(DEFAULT_RULE_ID)) return DEFAULT_RULE_ID;
  return `${DEFAULT_RULE_ID}-${functionName}`;
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
