/** What the findings of the preflight come to: for a write, and for a look. */
import { S3evtError } from './errors.ts';
import { DESTINATION_NOUNS } from './destination-name.ts';
import type { ProblemCode } from './preflight-problems.ts';
import type { Finding } from './preflight.ts';
import type { Warning } from './progress.ts';

/** Public: a destination in one word, for `ls` and `status`. */
export type DestinationHealth =
  /** S3 sends there. */
  | 'ok'
  /** It, its version or alias, or its key does not exist. */
  | 'missing'
  /** A policy does not let S3 send there. */
  | 'denied'
  /** It exists, and cannot take events as it is: a failed function, a disabled key. */
  | 'failed'
  /** A function that is being made or sleeps. */
  | 'inactive'
  /** S3 can never send there: another Region, a FIFO queue or topic. */
  | 'unsupported'
  | 'unknown';

const HEALTH: Readonly<Record<ProblemCode, DestinationHealth>> = {
  OTHER_REGION: 'unsupported',
  FIFO: 'unsupported',
  MISSING: 'missing',
  QUALIFIER_MISSING: 'missing',
  KEY_MISSING: 'missing',
  NOT_PERMITTED: 'denied',
  DENIED: 'denied',
  KEY_OF_AWS: 'denied',
  KEY_NOT_PERMITTED: 'denied',
  KEY_UNUSABLE: 'failed',
  FUNCTION_FAILED: 'failed',
  FUNCTION_NOT_ACTIVE: 'inactive',
  MAYBE_PERMITTED: 'unknown',
  UNCHECKED: 'unknown',
  QUEUE_TAKES_LESS: 'ok',
};

/** From the worst to the best. */
const ORDER: readonly DestinationHealth[] = [
  'unsupported',
  'missing',
  'denied',
  'failed',
  'inactive',
  'unknown',
  'ok',
];

/** S3's refusal is said only of what is certain. */
const ONLY_WHEN_REFUSED: readonly DestinationHealth[] = ['unsupported', 'missing', 'denied'];

/** Of the findings of one rule. */
export function healthOf(findings: readonly Finding[]): DestinationHealth {
  const states = new Set(
    findings.map((finding) => {
      const health = HEALTH[finding.code];
      return ONLY_WHEN_REFUSED.includes(health) && !isRefused(finding) ? 'unknown' : health;
    }),
  );
  return ORDER.find((state) => states.has(state)) ?? 'ok';
}

export function isRefused({ severity }: Finding): boolean {
  return severity === 'refused';
}

/** One for each suspicion, and one for all that could not be checked. */
export function preflightWarnings(findings: readonly Finding[]): readonly Warning[] {
  const suspected = findings.filter(({ severity }) => severity === 'suspected');
  const unchecked = findings.filter(({ severity }) => severity === 'unchecked');
  return [
    ...grouped(suspected).map((text): Warning => ({ code: 'DESTINATION_SUSPECT', message: text })),
    ...(unchecked.length === 0
      ? []
      : [
          {
            code: 'DESTINATION_UNCHECKED',
            message: `not checked before the write: ${grouped(unchecked).join('; ')}`,
          },
        ]),
  ];
}

/** DESTINATION_REFUSED, before anything is written: rules, causes, and the commands that mend them. */
export function refusalError(
  findings: readonly Finding[],
  bucket: string,
  options: { readonly removable: boolean },
): S3evtError {
  const commands = [...new Set(findings.flatMap(({ fix }) => fix))];
  const kinds = [...new Set(findings.map(({ destination }) => DESTINATION_NOUNS[destination.kind]))];
  return new S3evtError(
    'DESTINATION_REFUSED',
    `S3 would refuse the configuration of ${bucket}; nothing was changed. ${grouped(findings).join('; ')}`,
    {
      hint: options.removable
        ? 'S3 checks every rule on each write, so one dead rule blocks all changes. Leave it as it is, repair it, or pass --remove-dead-rules to remove it in the same write.'
        : `Mend the ${kinds.join(' and the ')} first, then run the same command again.`,
      commands,
    },
  );
}

/** `rule "a", "b" for ARN: what is wrong`, one line for each destination and cause. */
export function grouped(findings: readonly Finding[]): readonly string[] {
  const rules = new Map<string, string[]>();
  for (const { destination, message, ruleId } of findings) {
    const key = `for ${destination.arn}: ${message}`;
    rules.set(key, [...(rules.get(key) ?? []), `"${ruleId}"`]);
  }
  return [...rules].map(([text, ids]) => `${ids.length === 1 ? 'rule' : 'rules'} ${ids.join(', ')} ${text}`);
}
