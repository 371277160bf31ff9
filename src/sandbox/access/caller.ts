import type { RequestContext } from '../wire/types.ts';

/** Who asks. Signatures are not verified: the access key alone says it. */
export interface Caller {
  /** `root` of an account, the session of a role, or nobody (S3 alone serves requests without a signature). */
  readonly kind: 'root' | 'session' | 'anonymous';
  readonly arn: string;
  /** The account id of root, else `AROA…:session`. */
  readonly userId: string;
  /** Twelve digits; empty for nobody. */
  readonly account: string;
  /** Of a session, with the role's path. */
  readonly roleArn?: string;
}

export const ANONYMOUS: Caller = { kind: 'anonymous', arn: '', userId: '', account: '' };

export function rootOf(account: string): Caller {
  return { kind: 'root', arn: `arn:aws:iam::${account}:root`, userId: account, account };
}

/** An access key of exactly twelve digits stands for the root user of that account. */
export function accountOfKey(accessKeyId: string | undefined): string | undefined {
  return accessKeyId !== undefined && /^\d{12}$/.test(accessKeyId) ? accessKeyId : undefined;
}

const PRINCIPAL_TYPES = { root: 'Account', session: 'AssumedRole', anonymous: 'Anonymous' } as const;

/**
 * The condition keys that every request has
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html). Requests count as sent over TLS
 * though the sandbox speaks http: `Deny` unless `aws:SecureTransport` belongs to a healthy set-up, and must not break here.
 */
export function callerContext(caller: Caller, now: number, ctx?: RequestContext): Record<string, string> {
  const context: Record<string, string> = {
    'aws:PrincipalType': PRINCIPAL_TYPES[caller.kind],
    'aws:PrincipalIsAWSService': 'false',
    'aws:SecureTransport': 'true',
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
  };
  if (caller.kind !== 'anonymous') {
    context['aws:PrincipalArn'] = caller.roleArn ?? caller.arn;
    context['aws:PrincipalAccount'] = caller.account;
    context['aws:userid'] = caller.userId;
  }
  if (!ctx) return context;
  context['aws:SourceIp'] = ctx.sourceIp;
  context['aws:RequestedRegion'] = ctx.region;
  const { 'user-agent': userAgent, referer } = ctx.headers;
  if (userAgent !== undefined) context['aws:UserAgent'] = userAgent;
  if (referer !== undefined) context['aws:Referer'] = referer;
  return context;
}
