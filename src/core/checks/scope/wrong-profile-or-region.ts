import { parseArn } from '../../arn.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf, type Reading } from '../../doctor/reading.ts';
import { kindOf, liveRules } from '../../doctor/routes.ts';
import { called, evidence } from '../../doctor/words.ts';

/**
 * What should get the events was looked for in a Region, or with an account, that is not the bucket's. Everything that a rule names is
 * looked up by its ARN, so another default Region by itself is no fault, and neither is a destination of another account.
 */
export const wrongProfileOrRegion: Check = {
  id: 'wrong-profile-or-region',
  reads: [
    'bucket.head',
    'bucket.notification',
    'bucket.owner',
    'identity',
    'functions.configuration',
    'queues.attributes',
    'topics.attributes',
  ],
  judge: (look) => [...wrongRegion(look), ...wrongAccount(look)],
};

function wrongRegion(look: Look): readonly Finding[] {
  const { bucket, identity, question } = look.facts;
  const { expected } = question;
  const region = valueOf(bucket.head)?.region;
  const asked = parseArn(expected ?? '')?.region;
  if (expected === undefined || region === undefined || asked === undefined || asked === region) return [];
  if (!isAbsent(readingOf(look, expected))) return [];
  // Of another account's functions AWS says "not found" to those who may not know, too.
  const isOwn = parseArn(expected)?.account === valueOf(identity)?.account;
  const namesake = liveRules(look.facts).find(
    ({ destination }) =>
      parseArn(destination.arn)?.region === region &&
      parseArn(destination.arn)?.resource === parseArn(expected)?.resource,
  );
  return [
    {
      id: 'wrong-profile-or-region',
      verdict: namesake && isOwn ? 'broken' : 'suspected',
      severity: 'SCOPE',
      subject: called(expected),
      node: expected,
      ruleIds: namesake ? [namesake.id] : [],
      message: `${called(expected)} is looked for in ${asked} and not there, but bucket ${bucket.name} is in ${region}, where its destinations have to be${namesake ? ' and where there is one of that name' : ''}`,
      evidence: [
        evidence(bucket.head, 'BucketRegion', region),
        evidence(readingOf(look, expected), 'answer', `not found in ${asked}`),
      ],
      fix: tell(`Name the one in ${region}: by its name alone, or with that Region in the ARN.`),
    },
  ];
}

function wrongAccount(look: Look): readonly Finding[] {
  const { bucket, identity, target } = look.facts;
  const caller = valueOf(identity)?.account;
  const owner = valueOf(bucket.owner);
  // A refusal of the call that expects the caller as owner: the bucket is somebody else's.
  const isForeign = owner === undefined ? bucket.owner.state === 'denied' : owner !== caller;
  if (caller === undefined || !isForeign) return [];
  const arns = look.rules.map(({ destination }) => destination.arn);
  const accounts = new Set(arns.map((arn) => parseArn(arn)?.account));
  const [account] = accounts;
  const unseen = arns.filter((arn) => {
    const reading = readingOf(look, arn);
    return reading?.state === 'denied' || isAbsent(reading);
  });
  if (accounts.size !== 1 || account === undefined || account === caller || unseen.length === 0) return [];
  const profile = target.profile === undefined ? '' : ` (profile ${target.profile})`;
  return [
    {
      id: 'wrong-profile-or-region',
      verdict: 'suspected',
      severity: 'SCOPE',
      subject: `account ${caller}`,
      message: `these credentials are of account ${caller}${profile}, but bucket ${bucket.name} and its destinations belong to account ${owner ?? account}, so what they look like cannot be seen`,
      evidence: [
        evidence(identity, 'Account', caller),
        ...unseen.slice(0, 3).map((arn) => evidence(readingOf(look, arn), 'destination', arn)),
      ],
      fix: tell(`Ask again with a profile of account ${owner ?? account}: --profile NAME.`, [
        'aws',
        'sts',
        'get-caller-identity',
      ]),
    },
  ];
}

function readingOf(look: Look, arn: string): Reading<unknown> | undefined {
  const { functions, queues, topics } = look.facts;
  switch (kindOf(arn)) {
    case 'lambda':
      return functions[arn]?.configuration;
    case 'sqs':
      return queues[arn]?.attributes;
    case 'sns':
      return topics[arn]?.attributes;
    case 'event-rule':
    case 'other':
      return undefined;
  }
}
