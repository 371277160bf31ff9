/** Publish and PublishBatch. */
import { createHash } from 'node:crypto';
import type * as Client from '@aws-sdk/client-sns';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { invalidParameter } from './errors.ts';
import { fanOut, type SnsDeps } from './fan-out.ts';
import { countTopic } from './metrics.ts';
import { checkBatchSize, checkPublish, messageBodies, type PublishInput } from './message.ts';
import type { Published, SnsStore, Topic } from './store.ts';

const DEDUPLICATION_MS = 5 * 60_000;
const MAX_BATCH = 10;

/** Publishes a message that was checked. Within five minutes a FIFO topic answers a duplicate with the first one. */
export type PublishToTopic = (
  topic: Topic,
  input: PublishInput,
  traceHeader: string | undefined,
) => Published;

export function createPublish(env: SandboxEnv, store: SnsStore, deps: SnsDeps): PublishToTopic {
  let sequence = 10_000_000_000_000_000_000n;

  return (topic, input, traceHeader) => {
    const now = env.clock.now();
    const bodies = messageBodies(input);
    const deduplicationId = topic.isFifo
      ? (input.MessageDeduplicationId ??
        createHash('sha256')
          .update(input.Message ?? '')
          .digest('hex'))
      : undefined;
    for (const [id, { at }] of topic.recentlyPublished) {
      if (now - at < DEDUPLICATION_MS) break;
      topic.recentlyPublished.delete(id);
    }
    const duplicate =
      deduplicationId === undefined ? undefined : topic.recentlyPublished.get(deduplicationId);
    if (duplicate) return duplicate.published;

    if (topic.isFifo) sequence += 1000n;
    const published: Published = {
      messageId: env.ids.uuid(),
      sequenceNumber: topic.isFifo ? String(sequence) : undefined,
    };
    if (deduplicationId !== undefined) {
      topic.recentlyPublished.set(deduplicationId, { published, at: now });
    }
    countTopic(env, topic, 'NumberOfMessagesPublished');
    fanOut(env, store, deps, topic, {
      ...published,
      body: bodies['default'] ?? '',
      bodies,
      subject: input.Subject,
      attributes: input.MessageAttributes ?? {},
      time: now,
      groupId: input.MessageGroupId,
      deduplicationId,
      traceHeader,
    });
    return published;
  };
}

function traceOf(ctx: RequestContext): string | undefined {
  const header = ctx.headers['x-amzn-trace-id'];
  return typeof header === 'string' ? header : undefined;
}

function shown({ messageId, sequenceNumber }: Published) {
  return { MessageId: messageId, ...(sequenceNumber !== undefined && { SequenceNumber: sequenceNumber }) };
}

function checkEntries(entries: readonly { readonly Id: string | undefined }[]): void {
  if (entries.length === 0) {
    throw new AwsError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
  }
  if (entries.length > MAX_BATCH) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      'The batch request contains more entries than permissible.',
    );
  }
  const ids = entries.map(({ Id }) => Id ?? '');
  if (new Set(ids).size < ids.length) {
    throw new AwsError(
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    );
  }
  for (const id of ids) {
    if (/^[A-Za-z0-9_-]{1,80}$/.test(id)) continue;
    const problem = id.length > 80 ? 'is too long' : 'contains an impermissible character';
    throw new AwsError(
      'InvalidBatchEntryId',
      `The Id of a batch entry in the batch request ${problem}: ${id}`,
    );
  }
}

export function publishHandlers(store: SnsStore, publish: PublishToTopic): Handlers<typeof Client> {
  return {
    Publish(input, ctx) {
      const arn = input.TopicArn ?? input.TargetArn;
      if (arn === undefined) {
        // Phones and apps are out of the sandbox's reach, so a number counts as no target.
        throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter');
      }
      const topic = store.requireTopic(ctx, arn);
      checkPublish(topic, input);
      return shown(publish(topic, input, traceOf(ctx)));
    },

    /** One bad message fails the whole batch. */
    PublishBatch(input, ctx) {
      const topic = store.requireTopic(ctx, input.TopicArn);
      const entries = input.PublishBatchRequestEntries ?? [];
      checkEntries(entries);
      for (const entry of entries) {
        checkPublish(topic, entry);
        messageBodies(entry);
      }
      checkBatchSize(entries);
      const published = entries.map((entry) => ({
        Id: entry.Id,
        ...shown(publish(topic, entry, traceOf(ctx))),
      }));
      return { Successful: published, Failed: [] };
    },
  };
}
