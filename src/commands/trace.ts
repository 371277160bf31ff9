import { commandFlags } from '../aws/target-flags.ts';
import type { ObjectNode } from '../core/doctor/facts.ts';
import type { Diagnosis } from '../core/doctor/judge.ts';
import { valueOf } from '../core/doctor/reading.ts';
import { doctorReport, type FindingReport } from '../core/doctor/report.ts';
import { S3evtError } from '../core/errors.ts';
import type { Trace } from '../core/trace/model.ts';
import { traceOf } from '../core/trace/trace.ts';
import { requireBucket } from './bucket.ts';
import type { Context } from './context.ts';
import { examine, looked } from './doctor.ts';

export interface TraceInput {
  readonly key: string;
  readonly bucket?: string | undefined;
  /** The newest one when left out. */
  readonly versionId?: string | undefined;
  /** From when on logs are looked at, epoch ms; by default from just before the object was written. */
  readonly since?: number | undefined;
}

export interface TraceResult extends Trace {
  readonly status: 'ok' | 'negative';
  readonly exitCode: number;
  /** The doctor's, where it is one of the trace's own: with evidence and fix. */
  readonly cause: FindingReport | null;
}

const HOUR = 3_600_000;
/** Logs are read newest first, and a page at most: what is older than this would not be found in them. */
const FURTHEST = 14 * 24 * HOUR;
/** Clocks of this machine and of S3 may differ. */
const MARGIN = 60_000;

/** The way of one object's event. Throws S3evtError only where nothing can be looked at. */
export async function runTrace({ key, versionId, ...input }: TraceInput, ctx: Context): Promise<TraceResult> {
  if (key === '') {
    throw new S3evtError('USAGE', 'KEY is empty: every object has a key of at least one character', {
      hint: 'Pass the key of an object, such as \'in/a.jpg\'; "s3evt doctor" looks at the whole bucket.',
    });
  }
  const bucket = requireBucket(input.bucket, ctx);
  const { since } = input;
  const question = { bucket, key, versionId, since };
  const sinceOf = (object: ObjectNode) => writtenSince(object, versionId, ctx.clock.now());
  const { facts, diagnosis } = await examine(question, ctx, since === undefined ? sinceOf : undefined);
  const trace = traceOf(facts, diagnosis);
  const { findings } = doctorReport(facts, diagnosis, looked(facts), commandFlags(await ctx.aws.target()));
  return {
    status: trace.verdict === 'ok' ? 'ok' : 'negative',
    exitCode: exitCodeOf(trace, diagnosis),
    ...trace,
    cause: findings.find(({ id }) => id === trace.rootCause) ?? null,
  };
}

/** So far back that the log shows the event; an hour at least, as the doctor looks. */
function writtenSince(object: ObjectNode, versionId: string | undefined, now: number): number {
  const written = writtenAt(object, versionId) ?? now;
  return Math.max(Math.min(written - MARGIN, now - HOUR), now - FURTHEST);
}

function writtenAt({ head, versions }: ObjectNode, versionId: string | undefined): number | undefined {
  const entry = valueOf(versions)?.find((one) =>
    versionId === undefined ? one.latest : one.versionId === versionId,
  );
  return entry?.modified ?? valueOf(head)?.modified;
}

/** As the doctor's: 0 seen at the end of every way, 3 broken, suspected or not seen, 4 when not all could be looked at. */
function exitCodeOf({ verdict, notRead }: Trace, { findings, notChecked }: Diagnosis): number {
  if (verdict === 'ok') return 0;
  if (verdict === 'broken' || findings.some((finding) => finding.verdict === 'suspected')) return 3;
  return notRead.length > 0 || notChecked.length > 0 ? 4 : 3;
}
