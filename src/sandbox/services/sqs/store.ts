/** Queues in memory, per region, and how requests name them. */
import { parseArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type RequestContext } from '../../wire/types.ts';
import { queueDoesNotExist } from './errors.ts';
import { notify, type Queue } from './queue.ts';

export interface SqsStore {
  queue(region: string, name: string): Queue | undefined;
  byArn(arn: string): Queue | undefined;
  /** The queue of a request. Any host will do: clients keep URLs of AWS, or of an earlier port. Throws SQS's error. */
  byUrl(ctx: RequestContext, url: string | undefined): Queue;
  urlOf(ctx: RequestContext, queue: Queue): string;
  all(): readonly Queue[];
  /** By name. */
  queues(region: string): readonly Queue[];
  arn(region: string, name: string): string;
  add(queue: Queue): void;
  delete(queue: Queue): void;
  /** When a queue of the name was last deleted. */
  deletedAt(region: string, name: string): number | undefined;
  reset(): void;
}

export function createSqsStore(env: SandboxEnv): SqsStore {
  const byArn = new Map<string, Queue>();
  const deletions = new Map<string, number>();
  const arnOf = (region: string, name: string) => `arn:aws:sqs:${region}:${env.account}:${name}`;

  /** Whoever waits for a message of the queue waits in vain. */
  const close = (queue: Queue): void => {
    queue.isDeleted = true;
    notify(queue);
  };

  return {
    arn: arnOf,
    queue: (region, name) => byArn.get(arnOf(region, name)),
    byArn: (arn) => byArn.get(arn),
    byUrl(ctx, url = '') {
      const match = /^(?:https?:\/\/[^/]+)?\/(?:[^/]+\/)*(\d{12})\/([^/]+)\/?$/.exec(url);
      if (!match) {
        throw new AwsError('InvalidAddress', `The address ${url} is not valid for this endpoint.`);
      }
      const [, account = '', name = ''] = match;
      const queue = account === env.account ? byArn.get(arnOf(ctx.region, name)) : undefined;
      if (!queue) throw queueDoesNotExist();
      return queue;
    },
    urlOf: (ctx, queue) =>
      `http://${ctx.host === '' ? env.address() : ctx.host}/${env.account}/${queue.name}`,
    all: () => [...byArn.values()],
    queues: (region) =>
      [...byArn.values()]
        .filter((queue) => queue.region === region)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    add: (queue) => void byArn.set(queue.arn, queue),
    delete(queue) {
      byArn.delete(queue.arn);
      deletions.set(queue.arn, env.clock.now());
      close(queue);
    },
    deletedAt: (region, name) => deletions.get(arnOf(region, name)),
    reset() {
      const queues = [...byArn.values()];
      byArn.clear();
      deletions.clear();
      queues.forEach(close);
    },
  };
}

/** The queue's redrive policy, or undefined. It was checked when it was set. */
export function redrivePolicy(
  queue: Queue,
): { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number } | undefined {
  const text = queue.attributes.get('RedrivePolicy');
  if (text === undefined) return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text) as Record<string, unknown>;
  return { deadLetterTargetArn: String(deadLetterTargetArn), maxReceiveCount: Number(maxReceiveCount) };
}

/** A dead-letter queue is in the same region and account as its source, and admits it. */
export function deadLetterQueue(
  store: SqsStore,
  queue: Queue,
): { readonly queue: Queue; readonly maxReceiveCount: number } | undefined {
  const policy = redrivePolicy(queue);
  const target = policy && store.byArn(policy.deadLetterTargetArn);
  if (!policy || target?.region !== queue.region || !admitsSource(target, queue.arn)) return undefined;
  return { queue: target, maxReceiveCount: policy.maxReceiveCount };
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html, RedriveAllowPolicy */
export function admitsSource(target: Queue, sourceArn: string): boolean {
  const text = target.attributes.get('RedriveAllowPolicy');
  if (text === undefined) return true;
  const { redrivePermission, sourceQueueArns } = JSON.parse(text) as Record<string, unknown>;
  if (redrivePermission === 'denyAll') return false;
  if (redrivePermission !== 'byQueue') return true;
  return Array.isArray(sourceQueueArns) && sourceQueueArns.includes(sourceArn);
}

export function isQueueArn(text: string): boolean {
  const arn = parseArn(text);
  return arn?.service === 'sqs' && arn.region !== '' && arn.account !== '';
}
