import { commandFlags } from '../aws/target-flags.ts';
import { placeOf, type FindingId } from '../core/doctor/catalogue.ts';
import { doctorReport, type DoctorReport } from '../core/doctor/report.ts';
import { S3evtError } from '../core/errors.ts';
import type { Context } from './context.ts';
import type { DoctorQuestion } from './doctor-question.ts';
import { examine, looked } from './doctor.ts';

/** The doctor's word at the end of another command. Public: stands in JSON. */
export type DoctorVerdict = Pick<DoctorReport, 'verdict' | 'rootCause' | 'findings' | 'notChecked'>;

/** What a moment may mend by itself: IAM, Lambda and S3 do not show at once what was just written. */
function mayPass(cause: FindingId | null): boolean {
  if (cause === null) return false;
  return (
    ['rule', 'destination', 'permission'].includes(placeOf(cause).edge) ||
    cause === 'role-unusable' ||
    cause === 'lambda-pending'
  );
}

/**
 * Null when even that failed: a second opinion never fails the command that it stands in. With `again` (ms) a bad verdict on what was just
 * made is looked at again after those waits.
 */
export async function doctorVerdict(
  question: DoctorQuestion,
  ctx: Context,
  again: readonly number[] = [],
): Promise<DoctorVerdict | null> {
  try {
    let seen = await examine(question, ctx);
    for (const wait of again) {
      if (!mayPass(seen.diagnosis.rootCause)) break;
      await ctx.clock.sleep(wait, ctx.signal);
      seen = await examine(question, ctx);
    }
    const { facts, diagnosis } = seen;
    const flags = commandFlags(await ctx.aws.target());
    const { verdict, rootCause, findings, notChecked } = doctorReport(facts, diagnosis, looked(facts), flags);
    return { verdict, rootCause, findings, notChecked };
  } catch (error) {
    if (error instanceof S3evtError) return null;
    throw error;
  }
}
