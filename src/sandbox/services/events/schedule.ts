/** Schedules of rules: checked and kept. Nothing of S3 runs by a clock, so the sandbox never lets one fire. */

const UNITS = 'minute|hour|day';

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html: `rate(1 minute)`, `rate(5 minutes)`. */
const RATE = new RegExp(String.raw`^rate\((?:1 (?:${UNITS})|(?!1 )[1-9]\d* (?:${UNITS})s)\)$`);

/** Six fields; which values a field may hold is left to AWS. */
const CRON = /^cron\(\s*\S+(?:\s+\S+){5}\s*\)$/;

export function isSchedule(expression: string): boolean {
  return RATE.test(expression) || CRON.test(expression);
}
