/** What may be wrong with a destination, as far as policies and keys are concerned: the parts that functions, queues and topics share. */
import { parseArn } from './arn.ts';
import type { Fact, KeyFacts } from './facts.ts';
import { KEY_ACTIONS, type SendingBucket } from './s3-access.ts';
import type { PolicyVerdict } from './policy-verdict.ts';
import { s3Verdict } from './s3-verdict.ts';

/** Public: stands in JSON. */
export type ProblemCode =
  | 'OTHER_REGION'
  | 'FIFO'
  | 'MISSING'
  | 'QUALIFIER_MISSING'
  | 'NOT_PERMITTED'
  | 'DENIED'
  | 'MAYBE_PERMITTED'
  | 'KEY_OF_AWS'
  | 'KEY_MISSING'
  | 'KEY_UNUSABLE'
  | 'KEY_NOT_PERMITTED'
  | 'QUEUE_TAKES_LESS'
  | 'FUNCTION_FAILED'
  | 'FUNCTION_NOT_ACTIVE'
  | 'UNCHECKED';

/** One thing that stands in the way of a destination, without the rule that leads there. */
export interface Problem {
  readonly code: ProblemCode;
  /** `refused`: S3 will certainly not take the document. `suspected`: it may, and events may be lost. `unchecked`: not known. */
  readonly severity: 'refused' | 'suspected' | 'unchecked';
  /** One sentence, without a capital and a full stop. */
  readonly message: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html, "AWS KMS key policy". */
export function keyProblems(
  name: string,
  id: string,
  fact: Fact<KeyFacts> | undefined,
  bucket: SendingBucket,
): readonly Problem[] {
  const key = fact?.state === 'known' ? fact.value : undefined;
  if (/(?:^|:)alias\/aws\//.test(id) || key?.manager === 'AWS') {
    const message = `${name} is encrypted with ${id}, a key that AWS manages: its policy shuts S3 out and cannot be changed`;
    return [refused('KEY_OF_AWS', message)];
  }
  const its = `the key ${key?.arn ?? id} of ${name}`;
  const owner = parseArn(id)?.account ?? bucket.account;
  if (fact?.state === 'absent' && owner === bucket.account)
    return [refused('KEY_MISSING', `${its} does not exist`)];
  if (!key)
    return [
      unchecked(`whether S3 may use ${its} is unknown: ${fact ? reasonOf(fact) : 'it was not looked at'}`),
    ];
  if (key.state !== 'Enabled') return [refused('KEY_UNUSABLE', `${its} is ${key.state}`)];
  if (key.policy === undefined) {
    return [unchecked(`whether S3 may use ${its} is unknown: its policy may not be read`)];
  }
  const verdicts = KEY_ACTIONS.map((action) => s3Verdict(key.policy, action, key.arn, bucket));
  const worst = (['denied', 'refused', 'undecided', 'unreadable'] as const)
    .map((kind) => verdicts.find((verdict) => verdict.kind === kind))
    .find((verdict) => verdict !== undefined);
  const texts = { refuses: 'does not let S3 use it', denies: 'denies S3 to use it' };
  const found = policyProblems(
    worst ?? { kind: 'allowed' },
    `the policy of ${its.replace(/^the /, '')}`,
    texts,
  );
  return found.map((one) =>
    one.code === 'NOT_PERMITTED' || one.code === 'MAYBE_PERMITTED'
      ? { ...one, code: 'KEY_NOT_PERMITTED' }
      : one,
  );
}

export function policyProblems(
  verdict: PolicyVerdict,
  whose: string,
  says: { readonly refuses: string; readonly denies: string },
): readonly Problem[] {
  switch (verdict.kind) {
    case 'allowed':
      return [];
    case 'denied': {
      const statement = verdict.sid === undefined ? '' : ` (statement "${verdict.sid}")`;
      return [refused('DENIED', `${whose} ${says.denies}${statement}`)];
    }
    case 'refused':
      return [refused('NOT_PERMITTED', `${whose} ${says.refuses}`)];
    case 'undecided': {
      const message = `${whose} admits S3 only on terms that cannot be judged from here (${verdict.keys.join(', ')})`;
      return [{ code: 'MAYBE_PERMITTED', severity: 'suspected', message }];
    }
    case 'unreadable':
      return [unchecked(`${whose} cannot be read`)];
  }
}

export function refused(code: ProblemCode, message: string): Problem {
  return { code, severity: 'refused', message };
}

export function unchecked(message: string): Problem {
  return { code: 'UNCHECKED', severity: 'unchecked', message };
}

export function reasonOf(fact: Fact<unknown>): string {
  switch (fact.state) {
    case 'denied':
      return `${fact.action} is not allowed`;
    case 'failed':
      return fact.error.message;
    case 'absent':
      return 'it is not there, or not shown';
    case 'known':
      return 'nothing is known of it';
  }
}
