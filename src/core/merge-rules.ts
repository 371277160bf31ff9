import { S3evtError } from './errors.ts';
import {
  describeFilter,
  overlapsWith,
  rulesOf,
  sameRule,
  withRule,
  type NotificationDocument,
  type Overlap,
  type Rule,
} from './notification.ts';
import { waysOut, type CommandPlace } from './overlap-ways.ts';

/** S3's limit, queues, topics and functions together. */
const MAX_RULES = 100;

/**
 * The document with the rules in it, and the rules as they will stand there. A rule that is there already under
 * another id serves as it is: AWS would refuse a second one. A rule that s3evt did not make is never replaced. Returns
 * `before` itself when nothing changes. `place` is for the commands of errors. Throws RULES_OVERLAP and RULE_ID_TAKEN.
 */
export function mergeRules(
  before: NotificationDocument,
  rules: readonly Rule[],
  ours: ReadonlySet<string>,
  place: CommandPlace = {},
): { document: NotificationDocument; settled: readonly Rule[] } {
  let document = before;
  const settled: Rule[] = [];
  for (const rule of rules) {
    const twin = rulesOf(document).find((other) => sameRule({ ...other, id: rule.id }, rule));
    if (twin) {
      settled.push(twin);
      continue;
    }
    const taken = rulesOf(document).find((other) => other.id === rule.id);
    if (taken && !(ours.has(taken.id) && taken.destination.arn === rule.destination.arn)) {
      throw idTaken(taken, rule);
    }
    const overlaps = overlapsWith(document, rule);
    if (overlaps.length > 0) throw overlapError(overlaps, place);
    document = withRule(document, rule);
    settled.push(rule);
  }
  refuseTooMany(document);
  return { document, settled };
}

/** Throws RULES_OVERLAP beyond S3's limit. */
export function refuseTooMany(document: NotificationDocument): void {
  const count = rulesOf(document).length;
  if (count <= MAX_RULES) return;
  throw new S3evtError('RULES_OVERLAP', `the bucket would have ${count} rules; AWS allows ${MAX_RULES}`, {
    hint: 'Fan out behind one rule: EventBridge or an SNS topic takes any number of subscribers.',
  });
}

function idTaken(taken: Rule, rule: Rule): S3evtError {
  return new S3evtError(
    'RULE_ID_TAKEN',
    `the bucket has another rule "${taken.id}" already: ${taken.events.join(', ')} ${describeFilter(taken.filter)} for ${taken.destination.arn}`,
    {
      hint: `Choose another id for the rule of ${rule.destination.arn}: --id NAME.`,
    },
  );
}

/** RULES_OVERLAP: both rules, the events they share, a key that both would take, and the ways out with a command for each. */
export function overlapError(overlaps: readonly Overlap[], place: CommandPlace = {}): S3evtError {
  const [first] = overlaps;
  if (first === undefined) throw new TypeError('overlapError() needs one');
  const { a, b, events, witness } = first;
  const more = overlaps.length > 1 ? ` (and ${overlaps.length - 1} more)` : '';
  return new S3evtError(
    'RULES_OVERLAP',
    `rule "${a.id}" (${describeFilter(a.filter)}) and rule "${b.id}" (${describeFilter(b.filter)}) of the bucket${more} ` +
      `would both take ${events.join(', ')} of a key such as "${witness}"; S3 allows one of them`,
    waysOut(first, place),
  );
}
