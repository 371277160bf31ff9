/** What S3's refusal of a configuration means: AWS names destinations by number, and other faults with one sentence for all. */
import { overlapIn } from '../core/apply-file.ts';
import { bucketArn, parseArn } from '../core/arn.ts';
import { S3evtError, type ErrorDetails } from '../core/errors.ts';
import { overlapError, refuseTooMany } from '../core/merge-rules.ts';
import { rulesOf, type NotificationDocument, type Rule } from '../core/notification.ts';
import { preflight, type Finding } from '../core/preflight.ts';
import type { FixFlags } from '../core/preflight-fixes.ts';
import { grouped } from '../core/preflight-report.ts';
import type { Aws } from './clients.ts';
import { readDestinationStates } from './read-destination-state.ts';
import { commandFlags } from './target-flags.ts';

interface RefusedWrite {
  readonly bucket: string;
  /** Account of the bucket. */
  readonly owner: string;
  readonly before: NotificationDocument;
  readonly after: NotificationDocument;
}

export interface Refusal {
  /** S3's numbered pairs. */
  readonly refused: readonly { readonly arn: string; readonly reason: string }[];
  /** Destinations that this write adds or changes. */
  readonly ours: ReadonlySet<string>;
  readonly aws: Aws;
}

/** The error with its cause and the commands that mend it; the very one when S3 did not refuse the document. */
export async function explainRefusal(
  error: unknown,
  write: RefusedWrite,
  refusal: Refusal,
): Promise<unknown> {
  if (!(error instanceof S3evtError) || !/^Invalid(?:Argument|Request)$/.test(error.aws?.name ?? ''))
    return error;
  const { refused } = refusal;
  const flags = commandFlags(await refusal.aws.target());
  const rules = rulesOf(write.after);
  const suspects =
    refused.length === 0
      ? rules
      : rules.filter((rule) => refused.some(({ arn }) => arn === rule.destination.arn));
  const found = await diagnose(suspects, write, refusal);
  const details: ErrorDetails = { ...(error.aws === undefined ? {} : { aws: error.aws }), cause: error };
  if (refused.length === 0)
    return documentFault(write, flags, details) ?? siteFault(found, write, details) ?? error;
  const lines = refused.map(({ arn, reason }) => {
    const ids = rules.filter((rule) => rule.destination.arn === arn).map((rule) => `"${rule.id}"`);
    const causes = [
      ...new Set(found.filter((one) => one.destination.arn === arn).map(({ message }) => message)),
    ];
    return [`rule ${ids.join(', ')} for ${arn}: ${reason}`, ...causes].join('; ');
  });
  const foreign = refused.some(({ arn }) => !refusal.ours.has(arn));
  return refusedError(write, lines, found, {
    ...details,
    hint: foreign
      ? 'S3 checks every rule on each write, so one dead rule of somebody else blocks all changes. Leave it as it is (nothing was changed), repair its destination, or have it removed with --remove-dead-rules.'
      : 'Check that the destination exists in this Region and that its policy admits s3.amazonaws.com for this bucket.',
  });
}

function refusedError(
  write: RefusedWrite,
  lines: readonly string[],
  found: readonly Finding[],
  details: ErrorDetails,
): S3evtError {
  return new S3evtError(
    'DESTINATION_REFUSED',
    `S3 refuses the configuration of ${write.bucket}; nothing was changed. ${lines.join('; ')}`,
    { ...details, commands: [...new Set(found.flatMap(({ fix }) => fix))] },
  );
}

/** Looked at after the refusal only, so that a write that succeeds waits for nothing. */
async function diagnose(
  rules: readonly Rule[],
  { bucket, owner, before }: RefusedWrite,
  { aws }: Refusal,
): Promise<readonly Finding[]> {
  try {
    const destinations = rules.map(({ destination }) => destination);
    const [target, states] = await Promise.all([aws.target(), readDestinationStates(aws, destinations)]);
    const standing = parseArn(rulesOf(before)[0]?.destination.arn ?? '');
    const partition = parseArn(destinations[0]?.arn ?? '')?.partition ?? 'aws';
    return preflight({
      rules,
      bucket: {
        name: bucket,
        arn: bucketArn(partition, bucket),
        account: owner,
        region: standing?.region ?? target.region.value,
        regionKnown: standing !== undefined,
      },
      states,
      flags: commandFlags(target),
    }).filter(({ severity }) => severity !== 'unchecked');
  } catch {
    // S3's own words stand all the same.
    return [];
  }
}

/** What S3 says of the document as a whole, without naming a rule. */
function documentFault(
  { after, bucket }: RefusedWrite,
  flags: FixFlags,
  details: ErrorDetails,
): S3evtError | undefined {
  try {
    const overlap = overlapIn(after);
    if (overlap) throw overlapError([overlap], { bucket, flags });
    refuseTooMany(after);
    refuseSameIds(after);
    return undefined;
  } catch (error) {
    if (!(error instanceof S3evtError)) throw error;
    const { code, message, hint, commands } = error;
    return new S3evtError(code, message, { ...details, commands, ...(hint === undefined ? {} : { hint }) });
  }
}

function refuseSameIds(document: NotificationDocument): void {
  const ids = rulesOf(document).map(({ id }) => id);
  const twice = ids.find((id, index) => id !== '' && ids.indexOf(id) !== index);
  if (twice === undefined) return;
  throw new S3evtError('RULE_ID_TAKEN', `two rules of the configuration have the id "${twice}"`, {
    hint: 'Give one of them another id.',
  });
}

/** Another Region, or a FIFO queue: the sentence of S3 names neither the rule nor the destination. */
function siteFault(
  found: readonly Finding[],
  write: RefusedWrite,
  details: ErrorDetails,
): S3evtError | undefined {
  const sited = found.filter(({ code }) => code === 'OTHER_REGION' || code === 'FIFO');
  if (sited.length === 0) return undefined;
  return refusedError(write, grouped(sited), sited, {
    ...details,
    hint: 'No permission can mend that: remove the rule, or send elsewhere.',
  });
}
