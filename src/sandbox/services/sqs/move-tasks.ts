/** Redrive: moving the messages of a dead-letter queue to where they came from, or elsewhere. */
import type * as Client from '@aws-sdk/client-sqs';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { invalidParameter, invalidValue } from './errors.ts';
import { touchQueue } from './metrics.ts';
import { dropExpired, notify, type Message, type Queue } from './queue.ts';
import { redrivePolicy, type SqsStore } from './store.ts';

type Operations = Pick<
  Handlers<typeof Client>,
  'StartMessageMoveTask' | 'ListMessageMoveTasks' | 'CancelMessageMoveTask'
>;

interface MoveTask {
  readonly handle: string;
  readonly source: Queue;
  readonly destinationArn: string | undefined;
  readonly perSecond: number | undefined;
  /** Milliseconds. */
  readonly startedAt: number;
  readonly toMove: number;
  readonly stop: AbortController;
  moved: number;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  failureReason: string | undefined;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html */
const MAX_PER_SECOND = 500;

const notFound = (message: string) => new AwsError('ResourceNotFoundException', message, { status: 404 });

export interface MoveTasks {
  readonly handlers: Operations;
  reset(): void;
}

export function createMoveTasks(env: SandboxEnv, store: SqsStore): MoveTasks {
  /** Latest first. */
  let tasks: MoveTask[] = [];

  function queueOf(arn: string | undefined, member: string, ctx: RequestContext): Queue {
    const queue = store.byArn(arn ?? '');
    if (queue?.region !== ctx.region) {
      throw notFound(`The resource that you specified for the ${member} parameter doesn't exist.`);
    }
    return queue;
  }

  /** The message gets a new id and a new time, and counts as never received (the page above, "redrive"). */
  function move(message: Message, source: Queue, target: Queue): void {
    const now = env.clock.now();
    touchQueue(env, source);
    touchQueue(env, target);
    source.messages.delete(message.id);
    const moved: Message = {
      ...message,
      id: env.ids.uuid(),
      sentAt: now,
      retainedSince: now,
      visibleAt: now,
      receiveCount: 0,
      receivesHere: 0,
      firstReceivedAt: undefined,
      receiptHandle: undefined,
      deadLetterSource: undefined,
    };
    target.messages.set(moved.id, moved);
    notify(target);
  }

  /** Moves up to `max` messages. Whether the task has come to its end. */
  function moveSome(task: MoveTask, max: number): boolean {
    const now = env.clock.now();
    dropExpired(task.source, now);
    const visible = [...task.source.messages.values()].filter(({ visibleAt }) => visibleAt <= now);
    for (const message of visible.slice(0, Math.min(max, task.toMove - task.moved))) {
      const targetArn = task.destinationArn ?? message.deadLetterSource;
      const target = store.byArn(targetArn ?? '');
      if (!target) {
        task.status = 'FAILED';
        // The first name second-hand: of a message that was sent to the dead-letter queue itself.
        task.failureReason =
          targetArn === undefined
            ? 'CouldNotDetermineMessageSource'
            : 'AWS.SimpleQueueService.NonExistentQueue';
        return true;
      }
      move(message, task.source, target);
      task.moved++;
    }
    if (task.moved < task.toMove && visible.length > max && !task.source.isDeleted) return false;
    task.status = 'COMPLETED';
    return true;
  }

  async function runSlowly(task: MoveTask, perSecond: number): Promise<void> {
    const { signal } = task.stop;
    try {
      do await env.clock.sleep(1000, signal);
      while (!moveSome(task, perSecond));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  const handlers: Operations = {
    StartMessageMoveTask(input, ctx) {
      const { DestinationArn, MaxNumberOfMessagesPerSecond: perSecond } = input;
      const source = queueOf(input.SourceArn, 'SourceArn', ctx);
      const isDeadLetterQueue = store
        .queues(ctx.region)
        .some((queue) => redrivePolicy(queue)?.deadLetterTargetArn === source.arn);
      if (!isDeadLetterQueue) {
        throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
      }
      if (DestinationArn !== undefined) queueOf(DestinationArn, 'DestinationArn', ctx);
      if (perSecond !== undefined && (perSecond < 1 || perSecond > MAX_PER_SECOND)) {
        // Text UNKNOWN.
        throw invalidValue(
          perSecond,
          'MaxNumberOfMessagesPerSecond',
          `Must be between 1 and ${MAX_PER_SECOND}, if provided.`,
        );
      }
      if (tasks.some((task) => task.source === source && task.status === 'RUNNING')) {
        throw invalidParameter(
          'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
        );
      }
      const now = env.clock.now();
      dropExpired(source, now);
      const identity = { taskId: env.ids.uuid(), sourceArn: source.arn };
      const task: MoveTask = {
        handle: Buffer.from(JSON.stringify(identity)).toString('base64'),
        source,
        destinationArn: DestinationArn,
        perSecond,
        startedAt: now,
        toMove: [...source.messages.values()].filter(({ visibleAt }) => visibleAt <= now).length,
        stop: new AbortController(),
        moved: 0,
        status: 'RUNNING',
        failureReason: undefined,
      };
      tasks = [task, ...tasks];
      // Without a limit AWS chooses the rate; here all go at once.
      if (perSecond === undefined) moveSome(task, task.toMove);
      else void runSlowly(task, perSecond);
      return { TaskHandle: task.handle };
    },

    ListMessageMoveTasks(input, ctx) {
      const source = queueOf(input.SourceArn, 'SourceArn', ctx);
      const { MaxResults = 1 } = input;
      if (MaxResults < 1 || MaxResults > 10) {
        // Text UNKNOWN.
        throw invalidValue(MaxResults, 'MaxResults', 'Must be between 1 and 10, if provided.');
      }
      const shown = tasks.filter((task) => task.source === source).slice(0, MaxResults);
      return { Results: shown.map(show) };
    },

    CancelMessageMoveTask(input, ctx) {
      const { taskId, sourceArn } = readHandle(input.TaskHandle ?? '');
      const source = queueOf(sourceArn, 'SourceArn', ctx);
      const task = tasks.find(({ handle }) => handle === input.TaskHandle);
      if (task?.source !== source || taskId === undefined) throw notFound('Task does not exist.');
      // Text second-hand.
      if (task.status !== 'RUNNING') throw invalidParameter('Only active tasks can be cancelled.');
      task.status = 'CANCELLED';
      task.stop.abort();
      return { ApproximateNumberOfMessagesMoved: task.moved };
    },
  };

  return {
    handlers,
    reset() {
      for (const task of tasks) task.stop.abort();
      tasks = [];
    },
  };
}

function show(task: MoveTask): Client.ListMessageMoveTasksResultEntry {
  return {
    ...(task.status === 'RUNNING' && { TaskHandle: task.handle }),
    Status: task.status,
    SourceArn: task.source.arn,
    ...(task.destinationArn !== undefined && { DestinationArn: task.destinationArn }),
    ...(task.perSecond !== undefined && { MaxNumberOfMessagesPerSecond: task.perSecond }),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failureReason !== undefined && { FailureReason: task.failureReason }),
    StartedTimestamp: task.startedAt,
  };
}

function readHandle(handle: string): { readonly taskId?: string; readonly sourceArn?: string } {
  const invalid = () => invalidParameter('Value for parameter TaskHandle is invalid.');
  try {
    const value: unknown = JSON.parse(Buffer.from(handle, 'base64').toString('utf8'));
    if (typeof value !== 'object' || value === null) throw invalid();
    return value;
  } catch {
    throw invalid();
  }
}
