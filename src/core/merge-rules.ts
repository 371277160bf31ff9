import { hasCode, S3evtError } from './errors.ts';
import {
  describeFilter,
  diffDocuments,
  overlapsWith,
  rulesOf,
  sameRule,
  withRule,
  type DocumentDiff,
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

/** What a write was planned with and means to leave. */
export interface PlannedWrite {
  readonly before: NotificationDocument;
  readonly after: NotificationDocument;
}

/** The rules that a planned write is about. */
interface PlannedRules extends CommandPlace {
  readonly bucket: string;
  /** As they are to stand in the bucket; those that stood there already among them. */
  readonly rules: readonly Rule[];
  /** Ids of rules that s3evt made on this bucket. */
  readonly ours: ReadonlySet<string>;
}

/**
 * The planned change, made of what another writer left meanwhile: the very same rules are added or replaced, EventBridge is turned on
 * if the plan does, all else stays as it is in `fresh`. Throws CONFIGURATION_CHANGED when that is not to be had: the other one took the
 * place, touched what the plan rests on or did the same already, or the plan removes rules, which was a choice about what stood there.
 */
export function mergeAgain(
  fresh: NotificationDocument,
  { before, after }: PlannedWrite,
  { rules, ours, ...place }: PlannedRules,
): NotificationDocument {
  const planned = diffDocuments(before, after);
  const rests = rulesOf(before).filter(({ id }) => ours.has(id) || rules.some((rule) => rule.id === id));
  const stand = rests.every((rule) => rulesOf(fresh).some((other) => sameRule(other, rule)));
  if (!stand || planned.removed.length > 0) throw changedMeanwhile(place.bucket);
  const { document } = mergedOrChanged(fresh, rules, ours, place);
  const merged = planned.eventBridge === 'enabled' ? { ...document, EventBridgeConfiguration: {} } : document;
  if (!sameChanges(diffDocuments(fresh, merged), planned)) throw changedMeanwhile(place.bucket);
  return merged;
}

function mergedOrChanged(
  fresh: NotificationDocument,
  rules: readonly Rule[],
  ours: ReadonlySet<string>,
  place: CommandPlace & { readonly bucket: string },
): ReturnType<typeof mergeRules> {
  try {
    return mergeRules(fresh, rules, ours, place);
  } catch (error) {
    throw hasCode(error, 'RULES_OVERLAP', 'RULE_ID_TAKEN') ? changedMeanwhile(place.bucket, error) : error;
  }
}

function sameChanges(a: DocumentDiff, b: DocumentDiff): boolean {
  const text = ({ added, changed, eventBridge }: DocumentDiff) =>
    JSON.stringify([
      added.map(({ id }) => id).sort(),
      changed.map(({ after }) => after.id).sort(),
      eventBridge,
    ]);
  return text(a) === text(b);
}

/** CONFIGURATION_CHANGED; `conflict` is why it cannot be written beside what stands there now. */
export function changedMeanwhile(bucket: string, conflict?: S3evtError): S3evtError {
  const message = `the notification configuration of ${bucket} changed meanwhile; nothing was written`;
  const again = 'Run the same command again: it will read the new configuration and show its plan anew.';
  return conflict === undefined
    ? new S3evtError('CONFIGURATION_CHANGED', message, { hint: again })
    : new S3evtError('CONFIGURATION_CHANGED', `${message}: ${conflict.message}`, {
        ...(conflict.hint === undefined ? {} : { hint: conflict.hint }),
        commands: conflict.commands,
        cause: conflict,
      });
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
