import { partitionOf } from '../core/arn.ts';
import { S3evtError } from '../core/errors.ts';
import type { Aws } from './clients.ts';

export interface CallerIdentity {
  /** Twelve digits. */
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
}

const known = new WeakMap<Aws, Promise<CallerIdentity>>();

/** Who the credentials belong to; asked once for each `Aws`. The call needs no permission. */
export function callerIdentity(aws: Aws): Promise<CallerIdentity> {
  const answer = known.get(aws);
  if (answer) return answer;
  const asked = ask(aws);
  known.set(aws, asked);
  // A failure is not an answer: the next caller asks again.
  asked.catch(() => known.delete(aws));
  return asked;
}

async function ask(aws: Aws): Promise<CallerIdentity> {
  const [sts, { GetCallerIdentityCommand }] = await Promise.all([aws.sts(), import('@aws-sdk/client-sts')]);
  const action = 'sts:GetCallerIdentity';
  const { Account, Arn, UserId } = await aws.call(
    (options) => sts.send(new GetCallerIdentityCommand(), options),
    { action },
  );
  if (Account === undefined || Arn === undefined || UserId === undefined) {
    throw new S3evtError('AWS_ERROR', `${action}: the answer names no account`, {
      hint: 'Check that the endpoint speaks the STS API.',
    });
  }
  return { account: Account, arn: Arn, userId: UserId, partition: partitionOf(Arn) };
}
