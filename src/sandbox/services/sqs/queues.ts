/** Queues: creation, attributes, tags, purge. */
import type * as Client from '@aws-sdk/client-sqs';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers } from '../../wire/types.ts';
import { readToken, writeToken } from '../page-token.ts';
import {
  checkAttributeValues,
  checkQueueName,
  defaultAttributes,
  setAttributes,
  showAttributes,
  type GivenAttributes,
} from './attributes.ts';
import { invalidAttribute, invalidParameter, invalidValue, queueDoesNotExist } from './errors.ts';
import { touchQueue } from './metrics.ts';
import { notify, type Queue } from './queue.ts';
import { redrivePolicy, type SqsStore } from './store.ts';

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html and API_PurgeQueue.html */
const RECREATION_MS = 60_000;
const PURGE_MS = 60_000;
const MAX_TAGS = 50;

export function queueHandlers(env: SandboxEnv, store: SqsStore): Handlers<typeof Client> {
  const create = (region: string, name: string, given: GivenAttributes): Queue => {
    const isFifo = given['FifoQueue'] === 'true';
    checkQueueName(name, isFifo);
    const now = env.clock.now();
    const attributes = defaultAttributes(isFifo);
    const queue: Queue = {
      name,
      arn: store.arn(region, name),
      region,
      isFifo,
      createdAt: now,
      tags: new Map(),
      attributes,
      messages: new Map(),
      recentlySent: new Map(),
      listeners: new Set(),
      modifiedAt: now,
      purgedAt: undefined,
      isDeleted: false,
    };
    checkAttributeValues(store, queue, given);
    setAttributes(attributes, given);
    const deletedAt = store.deletedAt(region, name);
    if (deletedAt !== undefined && now - deletedAt < RECREATION_MS) {
      throw new AwsError(
        'QueueDeletedRecently',
        'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
      );
    }
    store.add(queue);
    return queue;
  };

  const list = (
    operation: string,
    queues: readonly Queue[],
    { NextToken, MaxResults }: { NextToken?: string | undefined; MaxResults?: number | undefined },
  ): { page: readonly Queue[]; next: string | undefined } => {
    if (MaxResults !== undefined && (MaxResults < 1 || MaxResults > 1000)) {
      throw invalidValue(MaxResults, 'MaxResults', 'MaxResults must be an integer between 1 and 1000.');
    }
    const after = NextToken === undefined ? undefined : readToken(operation, '', env.clock.now(), NextToken);
    // Text UNKNOWN.
    if (NextToken !== undefined && !after) throw invalidParameter('Invalid or expired NextToken.');
    const rest = after ? queues.filter(({ name }) => name > String(after[0])) : queues;
    const page = rest.slice(0, MaxResults ?? 1000);
    const last = page.at(-1);
    // Without MaxResults there is no NextToken, says the model.
    const hasMore = last !== undefined && MaxResults !== undefined && page.length < rest.length;
    return {
      page,
      next: hasMore ? writeToken(operation, '', env.clock.now(), [last.name]) : undefined,
    };
  };

  return {
    CreateQueue(input, ctx) {
      const name = input.QueueName ?? '';
      const given: GivenAttributes = input.Attributes ?? {};
      let queue = store.queue(ctx.region, name);
      if (queue) {
        const { attributes } = queue;
        const differing = Object.entries(given).find(
          ([attribute, value = '']) => (attributes.get(attribute) ?? '') !== value,
        );
        if (differing) {
          throw new AwsError(
            'QueueNameExists',
            `A queue already exists with the same name and a different value for attribute ${differing[0]}`,
          );
        }
      } else {
        queue = create(ctx.region, name, given);
        for (const [key, value = ''] of Object.entries<string | undefined>(input.tags ?? {})) {
          queue.tags.set(key, value);
        }
      }
      return { QueueUrl: store.urlOf(ctx, queue) };
    },

    GetQueueUrl(input, ctx) {
      const account = input.QueueOwnerAWSAccountId ?? env.account;
      const queue = account === env.account ? store.queue(ctx.region, input.QueueName ?? '') : undefined;
      if (!queue) throw queueDoesNotExist();
      return { QueueUrl: store.urlOf(ctx, queue) };
    },

    ListQueues(input, ctx) {
      const prefix = input.QueueNamePrefix ?? '';
      const queues = store.queues(ctx.region).filter(({ name }) => name.startsWith(prefix));
      const { page, next } = list('ListQueues', queues, input);
      return {
        ...(page.length > 0 && { QueueUrls: page.map((queue) => store.urlOf(ctx, queue)) }),
        ...(next !== undefined && { NextToken: next }),
      };
    },

    DeleteQueue(input, ctx) {
      store.delete(store.byUrl(ctx, input.QueueUrl));
    },

    GetQueueAttributes(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const attributes = showAttributes(queue, input.AttributeNames, env.clock.now());
      return Object.keys(attributes).length > 0 ? { Attributes: attributes } : {};
    },

    SetQueueAttributes(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const given: GivenAttributes = input.Attributes ?? {};
      checkAttributeValues(store, queue, given);
      if (given['FifoQueue'] === 'false') {
        throw invalidAttribute('FifoQueue', 'Modifying queue type is not supported.');
      }
      setAttributes(queue.attributes, given);
      queue.modifiedAt = env.clock.now();
      notify(queue);
    },

    PurgeQueue(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const now = env.clock.now();
      if (queue.purgedAt !== undefined && now - queue.purgedAt < PURGE_MS) {
        throw new AwsError(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
        );
      }
      queue.purgedAt = now;
      touchQueue(env, queue);
      queue.messages.clear();
    },

    ListDeadLetterSourceQueues(input, ctx) {
      const target = store.byUrl(ctx, input.QueueUrl);
      const sources = store
        .queues(ctx.region)
        .filter((queue) => redrivePolicy(queue)?.deadLetterTargetArn === target.arn);
      const { page, next } = list('ListDeadLetterSourceQueues', sources, input);
      return {
        queueUrls: page.map((queue) => store.urlOf(ctx, queue)),
        ...(next !== undefined && { NextToken: next }),
      };
    },

    TagQueue(input, ctx) {
      const { tags } = store.byUrl(ctx, input.QueueUrl);
      const given = Object.entries<string | undefined>(input.Tags ?? {});
      // Text UNKNOWN.
      if (new Set([...tags.keys(), ...given.map(([key]) => key)]).size > MAX_TAGS) {
        throw invalidParameter(`Too many tags added for queue ${input.QueueUrl ?? ''}.`);
      }
      for (const [key, value = ''] of given) tags.set(key, value);
    },

    UntagQueue(input, ctx) {
      const { tags } = store.byUrl(ctx, input.QueueUrl);
      for (const key of input.TagKeys ?? []) tags.delete(key);
    },

    ListQueueTags(input, ctx) {
      const { tags } = store.byUrl(ctx, input.QueueUrl);
      return tags.size > 0 ? { Tags: Object.fromEntries(tags) } : {};
    },
  };
}
