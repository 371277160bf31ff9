import type { LifecycleRule, LifecycleRuleFilter, Tag } from '@aws-sdk/client-s3';
import { checkAgeActions, checkTransitions } from './lifecycle-actions.ts';
import { invalidArgument, invalidRequest, malformedXml } from './errors.ts';

const MAX_RULES = 1000;
const MAX_ID_LENGTH = 255;
const MAX_OBJECT_SIZE = 1_099_511_627_776_000;

/** What a rule asks of an object, wherever the document says it: in `Prefix`, in `Filter` or in `And`. */
export interface RuleFilter {
  readonly prefix: string;
  readonly tags: readonly Tag[];
  /** Bytes, both exclusive. */
  readonly greaterThan: number | undefined;
  readonly lessThan: number | undefined;
}

export function ruleFilter(rule: LifecycleRule): RuleFilter {
  const { Filter: filter } = rule;
  const inner = filter?.And ?? filter;
  return {
    prefix: inner?.Prefix ?? prefixOfRule(rule) ?? '',
    tags: filter?.And?.Tags ?? (filter?.Tag ? [filter.Tag] : []),
    greaterThan: inner?.ObjectSizeGreaterThan,
    lessThan: inner?.ObjectSizeLessThan,
  };
}

/**
 * The rules as S3 stores them, each with an ID. Throws as S3 does; where codes or texts are recorded nowhere they follow
 * those of the nearest case. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 */
export function validateLifecycle(
  rules: readonly LifecycleRule[],
  newId: () => string,
): readonly LifecycleRule[] {
  if (rules.length === 0 || rules.length > MAX_RULES) throw malformedXml();
  const checked = rules.map((rule) => {
    checkId(rule.ID);
    if (rule.Status !== 'Enabled' && rule.Status !== 'Disabled') throw malformedXml();
    // Exactly one of both: the second is the form before filters.
    if ((rule.Filter === undefined) === (prefixOfRule(rule) === undefined)) throw malformedXml();
    if (rule.Filter) checkFilter(rule.Filter);
    const filter = ruleFilter(rule);
    checkSizes(filter);
    checkAgeActions(rule, filter);
    checkTransitions(rule, filter);
    return { ...rule, ID: rule.ID ?? newId() };
  });
  checkOneForm(rules);
  if (new Set(checked.map((rule) => rule.ID)).size !== checked.length) {
    throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule');
  }
  return checked;
}

/** The form before filters, which S3 still takes. */
function prefixOfRule(rule: LifecycleRule): string | undefined {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- clients are advised against it, S3 reads it all the same
  return rule.Prefix;
}

function checkId(id: string | undefined): void {
  if ((id?.length ?? 0) > MAX_ID_LENGTH) {
    throw invalidArgument(`ID length should not exceed allowed limit of ${MAX_ID_LENGTH}`);
  }
}

function checkFilter(filter: LifecycleRuleFilter): void {
  const predicates = [
    filter.Prefix,
    filter.Tag,
    filter.ObjectSizeGreaterThan,
    filter.ObjectSizeLessThan,
    filter.And,
  ].filter((predicate) => predicate !== undefined);
  if (predicates.length > 1) throw malformedXml();
  if (!filter.And) return;
  const { Prefix, Tags = [], ObjectSizeGreaterThan, ObjectSizeLessThan } = filter.And;
  const others = [Prefix, ObjectSizeGreaterThan, ObjectSizeLessThan].filter((value) => value !== undefined);
  if (others.length + Tags.length < 2) throw malformedXml();
  if (new Set(Tags.map((tag) => tag.Key)).size !== Tags.length) {
    throw invalidRequest('Duplicate Tag Keys are not allowed.');
  }
}

function checkSizes({ greaterThan, lessThan }: RuleFilter): void {
  checkSize('ObjectSizeGreaterThan', greaterThan, 0);
  checkSize('ObjectSizeLessThan', lessThan, 1);
  if (greaterThan !== undefined && lessThan !== undefined && lessThan <= greaterThan) {
    throw invalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.");
  }
}

function checkSize(name: string, value: number | undefined, min: number): void {
  if (value === undefined || (value >= min && value <= MAX_OBJECT_SIZE)) return;
  throw invalidRequest(`'${name}' should be between ${min} and ${MAX_OBJECT_SIZE}.`);
}

/** One document has either rules with a prefix of their own or rules with filters. */
function checkOneForm(rules: readonly LifecycleRule[]): void {
  const isOld = rules[0]?.Filter === undefined;
  const other = rules.some((rule) => (rule.Filter === undefined) !== isOld);
  if (other) {
    throw invalidRequest(
      isOld
        ? 'Filter element can only be used in Lifecycle V2.'
        : 'Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.',
    );
  }
}
