import type { Diagnosis, JudgedFinding } from '../../../src/core/doctor/judge.ts';
import type { LogSeen, ObjectNode, SeenInvocation, SeenRecord } from '../../../src/core/doctor/facts.ts';
import { placeOf, type FindingId } from '../../../src/core/doctor/catalogue.ts';
import { read } from '../../../src/core/doctor/reading.ts';
import { formatInstant } from '../../../src/core/duration.ts';
import type { Trace } from '../../../src/core/trace/model.ts';
import { traceOf } from '../../../src/core/trace/trace.ts';
import { BUCKET, facts, fnArn, functionNode, log, MINUTE, NOW, type FactsOver } from '../checks/support.ts';

export const KEY = 'in/a.jpg';
/** When the object was written. */
export const WRITTEN = NOW - 10 * MINUTE;
export const STREAM = '2026/01/02/[$LATEST]0123456789abcdef';

/** As the log shows the event of the object's write. */
export function seenRecord(over: Partial<SeenRecord> = {}): SeenRecord {
  return {
    time: WRITTEN + 1_000,
    invocation: 'run-1',
    stream: STREAM,
    eventName: 'ObjectCreated:Put',
    eventTime: formatInstant(WRITTEN + 200),
    bucket: BUCKET,
    key: KEY,
    rawKey: KEY,
    sequencer: '0066',
    eTag: 'abc',
    configurationId: 'thumbs',
    requestId: 'REQ1',
    via: [],
    ...over,
  };
}

export function seenInvocation(over: Partial<SeenInvocation> = {}): SeenInvocation {
  return {
    requestId: 'run-1',
    starts: [WRITTEN + 900],
    stream: STREAM,
    version: '$LATEST',
    report: { time: WRITTEN + 1_100, durationMs: 12, memoryMb: 128, maxMemoryMb: 64, status: 'ok' },
    ...over,
  };
}

export function objectNode(over: Partial<ObjectNode> = {}): ObjectNode {
  return {
    key: KEY,
    head: read('s3:GetObject', { size: 10, modified: WRITTEN, eTag: 'abc' }),
    versions: read('s3:ListBucketVersions', [
      {
        key: KEY,
        versionId: 'null',
        latest: true,
        deleteMarker: false,
        modified: WRITTEN,
        size: 10,
        eTag: 'abc',
      },
    ]),
    ...over,
  };
}

export interface Given extends FactsOver {
  /** Of the function `thumbs`. */
  readonly seen?: Partial<LogSeen>;
  readonly diagnosis?: Partial<Diagnosis>;
}

/** The trace of the object, of a healthy bucket with one function behind it and what a test changes. */
export function trace({ seen, diagnosis, ...over }: Given = {}): Trace {
  const given = facts({
    object: objectNode(),
    functions: { [fnArn()]: functionNode({ log: log(seen) }) },
    ...over,
    question: { key: KEY, ...over.question },
  });
  const none: Diagnosis = {
    verdict: 'healthy',
    rootCause: null,
    findings: [],
    notChecked: [],
    mayBeEarlier: false,
  };
  return traceOf(given, { ...none, ...diagnosis });
}

export function finding(id: FindingId, over: Partial<JudgedFinding> = {}): JudgedFinding {
  return {
    id,
    edge: placeOf(id).edge,
    verdict: 'broken',
    severity: 'BREAK',
    subject: 'it',
    message: `${id} it is`,
    evidence: [],
    fix: { mode: 'tell', actions: [] },
    consequenceOf: null,
    ...over,
  };
}

/** `delivery ok`, one for each hop of the way. */
export function states({ ways }: Trace, way = 0): readonly string[] {
  return (ways[way]?.hops ?? []).map(({ hop, state }) => `${hop} ${state}`);
}

export function hopOf({ ways }: Trace, name: string, way = 0) {
  return ways[way]?.hops.find(({ hop }) => hop === name);
}
