/** What the question lets expect: events, keys, and messages to try filters on. */
import { EVENT_NAMES } from '../../event-name.ts';
import { eventOf, OPERATIONS, type Operation } from '../../operation.ts';
import type { DoctorFacts } from '../../doctor/facts.ts';
import { valueOf } from '../../doctor/reading.ts';
import type { Leaf } from './pattern-leaves.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Expected {
  /** For the key in question, else for an invented one. */
  readonly messages: readonly Json[];
  /** For keys that lie in the bucket; only without a key in question. */
  readonly sampled: readonly Json[];
  readonly isOpen: (leaf: Leaf) => boolean;
  /** Where the object's key stands in a message. */
  readonly keyPath: string;
  /** Whether keys are form-encoded there. */
  readonly encoded: boolean;
}

/** Facts that the messages are made of. */
export const EXPECTED_READS = [
  'bucket.name',
  'bucket.sample',
  'bucket.versioning',
  'bucket.owner',
  'object.head',
  'topics.subscriptions',
] as const;

const MOST_SAMPLES = 50;

/** Names of the events that the question is about, of those that are covered. */
export function eventsInQuestion(facts: DoctorFacts, covers: (event: string) => boolean): readonly string[] {
  const { operation } = facts.question;
  const versioning = valueOf(facts.bucket.versioning);
  const isKnown = operation !== undefined && Object.hasOwn(OPERATIONS, operation);
  const asked = isKnown
    ? versioning === undefined || operation !== 'delete'
      ? [eventOf(operation as Operation, false), eventOf(operation as Operation, true)]
      : [eventOf('delete', versioning !== 'Off')]
    : EVENT_NAMES.filter((event) => isOneEvent(event) && wasPossible(facts, event));
  return [...new Set(asked)].filter(covers);
}

export function isOneEvent(name: string): boolean {
  return !name.endsWith('*');
}

/** An object whose ETag counts parts was not put in one. */
function wasPossible(facts: DoctorFacts, event: string): boolean {
  const eTag = facts.object && valueOf(facts.object.head)?.eTag;
  if (eTag === undefined || !event.startsWith('s3:ObjectCreated:')) return true;
  return /-\d+$/.test(eTag) === (event === 's3:ObjectCreated:CompleteMultipartUpload');
}

export function sampleKeys({ bucket }: DoctorFacts): readonly string[] {
  const entries = valueOf(bucket.sample)?.entries ?? [];
  return [...new Set(entries.map(({ key }) => key))].slice(0, MOST_SAMPLES);
}

/** Sizes are numbers: no text is equal to one. */
export function asksForText(operands: readonly unknown[]): boolean {
  return operands.every((operand) => typeof operand === 'string');
}
