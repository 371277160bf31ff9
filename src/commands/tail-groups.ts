/** Which logs `tail` follows: those of the functions that get a bucket's events, whatever is between. */
import { readFunction, readNotification } from '../aws/read-facts.ts';
import { readBusRules, readConsumers, readTargets } from '../aws/sources/consumers.ts';
import { callerIdentity } from '../aws/identity.ts';
import { parseFunctionReference } from '../core/arn.ts';
import { S3evtError } from '../core/errors.ts';
import { sampleEvent } from '../core/eventbridge-sample.ts';
import { ifKnown, valueOf } from '../core/facts.ts';
import { defaultLogGroup } from '../core/names.ts';
import {
  hasEventBridge,
  rulesOf,
  type Destination,
  type NotificationDocument,
} from '../core/notification.ts';
import { busRulesFor, together, type Consumers } from '../core/trace-destination.ts';
import { knownOwner } from './bucket.ts';
import type { Context } from './context.ts';

export interface TailGroup {
  readonly group: string;
  /** What its lines are marked with where several logs are followed. */
  readonly name: string;
}

/** One log of a function that is named, else those of all functions that get the events of the bucket. Throws S3evtError. */
export async function tailGroups(
  input: { readonly function?: string | undefined; readonly bucket?: string | undefined },
  ctx: Pick<Context, 'aws' | 'project'>,
): Promise<readonly TailGroup[]> {
  const { settings } = ctx.project;
  const bucket = input.bucket ?? settings?.bucket;
  // The project's function is behind the project's bucket only.
  const named = input.function ?? (bucket === settings?.bucket ? settings?.function : undefined);
  if (named !== undefined) return [await groupOf(named, ctx)];
  if (bucket === undefined) {
    throw new S3evtError(
      'INPUT_REQUIRED',
      'no function is named, and there is no s3evt.json from here upwards',
      {
        hint: 'Pass the function (s3evt tail FUNCTION), or the bucket whose events it gets: --bucket NAME.',
      },
    );
  }
  const document = valueOf(await readNotification(ctx.aws, bucket, await knownOwner(bucket, ctx))) ?? {};
  const { found, notes } = await behindBucket(bucket, document, ctx);
  const functions = found.filter(({ kind }) => kind === 'lambda');
  if (functions.length === 0) throw noFunction(bucket, document, notes);
  const groups = await Promise.all(functions.map(({ arn }) => groupOf(arn, ctx)));
  return [...new Map(groups.map((one) => [one.group, one])).values()];
}

async function groupOf(name: string, { aws }: Pick<Context, 'aws'>): Promise<TailGroup> {
  if (name.startsWith('/')) return { group: name, name };
  const reference = parseFunctionReference(name);
  if (!reference) {
    throw new S3evtError('INVALID_ARGUMENT', `"${name}" names no function`, {
      hint: 'Pass a function name, a function ARN, or a log group that begins with "/".',
    });
  }
  // Who may not read the function may still be allowed to read its log.
  const fn = ifKnown(await readFunction(aws, reference.name));
  return { group: fn?.logGroup ?? defaultLogGroup(reference.name), name: reference.name };
}

/** The key is not known yet: of the rules on the bus those count that would take an ordinary one. */
const SAMPLES = ['s3:ObjectCreated:Put', 's3:ObjectRemoved:Delete'];

async function behindBucket(
  bucket: string,
  document: NotificationDocument,
  { aws }: Pick<Context, 'aws'>,
): Promise<Consumers> {
  const destinations = new Map<string, Destination>(
    rulesOf(document).map(({ destination }) => [destination.arn, destination]),
  );
  const parts = [...destinations.values()].map((destination) => readConsumers(aws, destination));
  if (!hasEventBridge(document)) return together(await Promise.all(parts));
  const [{ account }, target, bus] = await Promise.all([
    callerIdentity(aws),
    aws.target(),
    readBusRules(aws),
  ]);
  const rules = SAMPLES.flatMap((eventName) => {
    const sample = sampleEvent({ bucket, key: 'example', eventName, account, region: target.region.value });
    return sample ? busRulesFor(bus.rules, sample) : [];
  });
  const onBus = [...new Set(rules)].map((rule) => readTargets(aws, rule));
  return together([{ found: [], notes: bus.notes }, ...(await Promise.all([...parts, ...onBus]))]);
}

function noFunction(bucket: string, document: NotificationDocument, notes: readonly string[]): S3evtError {
  const arns = [...new Set(rulesOf(document).map(({ destination }) => destination.arn))];
  const where = [...arns, ...(hasEventBridge(document) ? ['EventBridge'] : [])];
  const message =
    where.length === 0
      ? `${bucket} sends its events nowhere, so there is no log to follow`
      : `no function gets the events of ${bucket}, which go to ${where.join(', ')}`;
  return new S3evtError('INPUT_REQUIRED', [message, ...notes].join('; '), {
    hint: 'Pass the function whose log is to be followed: s3evt tail FUNCTION.',
  });
}
