/** What the destinations of a notification configuration are like today: for the preflight, `ls` and `status`. */
import { parseArn, unqualifiedFunctionArn } from '../core/arn.ts';
import { readFunctionArn } from '../core/destination-name.ts';
import type { DestinationState, DestinationStates } from '../core/destination-state.ts';
import { S3evtError } from '../core/errors.ts';
import { known, type Fact } from '../core/facts.ts';
import type { Destination } from '../core/notification.ts';
import type { Aws } from './clients.ts';
import {
  queueOf,
  queueUrl,
  readKey,
  readQueueAttributes,
  readTopicAttributes,
  topicOf,
} from './read-destinations.ts';
import { readFunction, readFunctionPolicy } from './read-facts.ts';

/** Destinations looked at together: AWS allows 15 GetPolicy calls a second. */
const AT_ONCE = 8;

/**
 * Reads each distinct destination once: one round trip, three when a key encrypts it. What may not be read, or fails, is a fact too;
 * a destination of another Region than the call's is left out, since S3 sends nothing there. Throws only when the run is aborted.
 */
export async function readDestinationStates(
  aws: Aws,
  destinations: readonly Destination[],
): Promise<DestinationStates> {
  const { region } = await aws.target();
  const distinct = [...new Map(destinations.map((destination) => [destination.arn, destination])).values()];
  const near = distinct.filter(({ arn }) => parseArn(arn)?.region === region.value);
  const states = await eachOf(near, (destination) => readDestinationState(aws, destination));
  return new Map(near.map(({ arn }, index) => [arn, states[index] as DestinationState]));
}

/** At most eight at a time, in order. */
export async function eachOf<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}

async function readDestinationState(aws: Aws, { kind, arn }: Destination): Promise<DestinationState> {
  switch (kind) {
    case 'lambda': {
      const { qualifier } = readFunctionArn(arn);
      // The whole ARN: a function of another account may have the name of one of ours.
      const plain = unqualifiedFunctionArn(arn);
      const [fn, qualified, policy] = await Promise.all([
        settled(readFunction(aws, plain)),
        qualifier === undefined ? undefined : settled(readFunction(aws, `${plain}:${qualifier}`)),
        settled(readFunctionPolicy(aws, plain, qualifier)),
      ]);
      return { kind, function: fn, qualified, policy };
    }
    case 'sqs': {
      const attributes = await settled(readQueueAttributes(aws, arn));
      if (attributes.state !== 'known') return { kind, queue: attributes, key: undefined };
      const { value } = attributes;
      const queue = {
        ...queueOf(arn, await queueUrl(aws, arn), value),
        waiting: Number(value['ApproximateNumberOfMessages'] ?? 0),
        inFlight: Number(value['ApproximateNumberOfMessagesNotVisible'] ?? 0),
      };
      return { kind, queue: known(queue), key: await readKeyOf(aws, queue.kmsKeyId) };
    }
    case 'sns': {
      const attributes = await settled(readTopicAttributes(aws, arn));
      if (attributes.state !== 'known') return { kind, topic: attributes, key: undefined };
      const topic = topicOf(arn, attributes.value);
      return { kind, topic: known(topic), key: await readKeyOf(aws, topic.kmsKeyId) };
    }
  }
}

function readKeyOf(aws: Aws, id: string | undefined) {
  // What AWS manages is known by its alias, and S3 can never use it.
  const needed = id !== undefined && id !== '' && !/(?:^|:)alias\/aws\//.test(id);
  return needed ? settled(readKey(aws, id)) : undefined;
}

/** Looking at what others made is nice to have: a service that cannot be reached, or has no endpoint, fails no command. */
export async function settled<T>(read: Promise<Fact<T>>): Promise<Fact<T>> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof S3evtError && error.code !== 'INTERNAL') return { state: 'failed', error };
    throw error;
  }
}
