import { callerIdentity } from '../aws/identity.ts';
import type { Sourced } from '../aws/target.ts';
import type { Context } from './context.ts';

export interface WhoamiResult {
  readonly status: 'ok';
  readonly account: string;
  readonly arn: string;
  readonly region: Sourced<string>;
  readonly profile: Sourced<string> | null;
  /** Null on AWS itself. */
  readonly endpointUrl: Sourced<string> | null;
  readonly serviceEndpoints: Readonly<Record<string, Sourced<string>>>;
  readonly sandbox: boolean;
  readonly projectFile: string | null;
}

/** Who the calls are made as and where they go, and where each of these came from. Throws S3evtError. */
export async function runWhoami(_input: Record<string, never>, ctx: Context): Promise<WhoamiResult> {
  const [identity, target] = await Promise.all([callerIdentity(ctx.aws), ctx.aws.target()]);
  return {
    status: 'ok',
    account: identity.account,
    arn: identity.arn,
    region: target.region,
    profile: target.profile ?? null,
    endpointUrl: target.endpointUrl ?? null,
    serviceEndpoints: target.serviceEndpoints,
    sandbox: target.sandbox,
    projectFile: ctx.project.settings === undefined ? null : ctx.project.path,
  };
}
