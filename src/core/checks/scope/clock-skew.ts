import type { Check } from '../../doctor/check.ts';
import { formatDuration } from '../../duration.ts';
import { tell } from '../../doctor/fixes.ts';

const MOST_MS = 5 * 60_000;

/**
 * This machine's clock is off. It stops no event of anybody else, so it is not called broken: but times here mean something else than
 * those of AWS, and S3 refuses requests that are signed more than 15 minutes off (RequestTimeTooSkewed).
 */
export const clockSkew: Check = {
  id: 'clock-skew',
  reads: [],
  judge(look) {
    const { clockAheadMs } = look.facts.target;
    if (clockAheadMs === undefined || Math.abs(clockAheadMs) <= MOST_MS) return [];
    const off = formatDuration(Math.abs(clockAheadMs));
    return [
      {
        id: 'clock-skew',
        verdict: 'suspected',
        severity: 'SCOPE',
        subject: 'the clock of this machine',
        message: `the clock of this machine is ${off} ${clockAheadMs > 0 ? 'ahead of' : 'behind'} that of AWS, so logs and metrics of the wrong time are looked at`,
        evidence: [
          { call: 'none', field: 'Date header', value: `${off} ${clockAheadMs > 0 ? 'behind' : 'ahead'}` },
        ],
        fix: tell('Set the clock, by NTP best, and look again.', ['date', '-u']),
      },
    ];
  },
};
