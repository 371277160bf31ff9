import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../src/sandbox/fault-kinds.ts';
import { formatFault, parseFault } from '../../src/sandbox/fault-spec.ts';
import type { FaultRule } from '../../src/sandbox/fault-rules.ts';
import { createRandom } from '../../src/sandbox/ids.ts';
import { readFaults } from '../../src/sandbox/read-faults.ts';
import { operationsOf, SERVICES } from '../../src/sandbox/sdk-clients.ts';
import { SERVICE_SPECS } from '../../src/sandbox/wire/schema.ts';

const message = 'This error was asked for.';
const good: [string, FaultRule][] = [
  ['deny:*', { match: {}, effect: { kind: 'deny' } }],
  ['deny:lambda', { match: { service: 'lambda' }, effect: { kind: 'deny' } }],
  ['deny:lambda.*', { match: { service: 'lambda' }, effect: { kind: 'deny' } }],
  [
    'deny:lambda.GetPolicy',
    { match: { service: 'lambda', operation: 'GetPolicy' }, effect: { kind: 'deny' } },
  ],
  [
    'throttle:logs.FilterLogEvents,times=3',
    { match: { service: 'logs', operation: 'FilterLogEvents' }, effect: { kind: 'throttle' }, times: 3 },
  ],
  [
    'error:s3.PutObject,status=500,code=SlowDown,rate=0.1',
    {
      match: { service: 's3', operation: 'PutObject' },
      effect: { kind: 'error', status: 500, code: 'SlowDown', message },
      rate: 0.1,
    },
  ],
  [
    'error:s3',
    { match: { service: 's3' }, effect: { kind: 'error', status: 500, code: 'InternalError', message } },
  ],
  [
    'error:sns,message=a=b c',
    {
      match: { service: 'sns' },
      effect: { kind: 'error', status: 500, code: 'InternalFailure', message: 'a=b c' },
    },
  ],
  [
    'error:kms,status=503',
    {
      match: { service: 'kms' },
      effect: { kind: 'error', status: 503, code: 'ServiceUnavailable', message },
    },
  ],
  ['latency:*,50ms', { match: {}, effect: { kind: 'latency', ms: 50 } }],
  ['latency:1m30s,s3', { match: { service: 's3' }, effect: { kind: 'latency', ms: 90_000 } }],
  ['latency:*,ms=50', { match: {}, effect: { kind: 'latency', ms: 50 } }],
  ['reset:s3,times=1', { match: { service: 's3' }, effect: { kind: 'reset' }, times: 1 }],
  ['iam-propagation:10s', { effect: { kind: 'iam-propagation', ms: 10_000 } }],
  ['function-activation:2s', { effect: { kind: 'function-activation', ms: 2_000 } }],
  ['notification-propagation:5m', { effect: { kind: 'notification-propagation', ms: 300_000 } }],
  ['drop', { match: {}, effect: { kind: 'drop' } }],
  ['drop:key=in/*,times=1', { match: { key: 'in/*' }, effect: { kind: 'drop' }, times: 1 }],
  ['duplicate:to=sqs,rate=1', { match: { to: 'sqs' }, effect: { kind: 'duplicate' }, rate: 1 }],
  ['late-events:1m,bucket=b', { match: { bucket: 'b' }, effect: { kind: 'late-events', ms: 60_000 } }],
  ['reorder:3s', { match: {}, effect: { kind: 'reorder', ms: 3_000 } }],
  ['late-logs:30s,group=/aws/*', { match: { group: '/aws/*' }, effect: { kind: 'late-logs', ms: 30_000 } }],
  ['log-disorder:2s', { match: {}, effect: { kind: 'log-disorder', ms: 2_000 } }],
];

describe('a fault that is typed', () => {
  it.each(good)('%s is read', (spec, rule) => {
    expect(parseFault(spec)).toEqual({ ok: true, rule });
    // And is read again from how it is listed.
    expect(parseFault(formatFault(rule))).toEqual({ ok: true, rule });
  });

  it.each<[string, string, string]>([
    ['', 'it names no kind', 'Kinds: deny, throttle'],
    ['throttel:s3', 'there is no kind "throttel"; did you mean throttle?', 'Kinds: deny, throttle'],
    ['deny', 'it does not say which requests', 'deny:lambda.GetPolicy'],
    ['deny:', 'it does not say which requests', 'deny:lambda.GetPolicy'],
    ['deny:s4', 'there is no service "s4"; did you mean s3?', 'Services: s3, lambda, logs'],
    ['deny:S3', 'there is no service "S3"; did you mean s3?', 'Services: s3, lambda, logs'],
    ['deny:s3.', '"s3." names no requests', 'Services: s3'],
    ['deny:*.PutObject', '"*.PutObject" names no requests', 'Services: s3'],
    ['deny:s3 x', '"s3 x" names no requests', 'Services: s3'],
    ['deny:s3,lambda', '"lambda" has no meaning here', 'Options of deny: times, rate.'],
    ['deny:s3,', '"" has no meaning here', 'Options of deny'],
    ['deny:s3,time=3', 'deny has no option "time"; did you mean times?', 'Options of deny: times, rate.'],
    ['deny:s3,status=500', 'deny has no option "status"', 'Options of deny: times, rate.'],
    ['deny:s3,times=', '"times=" has no value', 'Options of deny'],
    ['deny:s3,times=1,times=2', '"times" stands there twice', 'Options of deny'],
    ['deny:s3,times=0', '"times=0" is not a whole number from 1', 'times='],
    ['deny:s3,times=1.5', '"times=1.5" is not a whole number from 1', 'times='],
    ['deny:s3,rate=0', '"rate=0" is not a probability', 'above 0 and at most 1'],
    ['deny:s3,rate=2', '"rate=2" is not a probability', 'above 0 and at most 1'],
    ['deny:s3,rate=1e-1', '"rate=1e-1" is not a probability', 'above 0 and at most 1'],
    ['error:s3,status=200', '"status=200" is not an HTTP status', 'from 400 to 599'],
    ['error:s3,status=404', 'status=404 needs a code', 'code=NAME'],
    ['error:s3,code=a b', '"code=a b" is no error code', 'InternalError'],
    ['latency:s3', 'it does not say how long', 'latency:*,50ms'],
    ['latency:s3,1s,2s', '"2s" has no meaning here', 'latency:*,50ms'],
    ['latency:s3,ms=1s', '"ms=1s" is no whole number of milliseconds', 'latency:*,50ms'],
    ['reorder', 'it does not say how long', 'reorder:3s'],
    ['reorder:in/*', '"in/*" has no meaning here', 'reorder:3s'],
    ['late-logs:30', '"30" has no meaning here', 'late-logs:30s'],
    ['late-logs:30d', '"30d" is too long', '24d'],
    ['drop:3s', '"3s" has no meaning here', 'Options of drop: bucket, key, to, times, rate.'],
    ['iam-propagation:5s,times=1', 'iam-propagation has no option "times"', 'iam-propagation:10s'],
    ['toString:s3', 'there is no kind "toString"', 'Kinds:'],
  ])('%j is refused with what is possible', (spec, problem, hint) => {
    expect(parseFault(spec)).toEqual({
      ok: false,
      problem: expect.stringContaining(problem),
      hint: expect.stringContaining(hint),
    });
  });

  it('has an example for every kind, which is read', () => {
    for (const [kind, { example }] of Object.entries(FAULT_KINDS)) {
      expect(parseFault(example)).toMatchObject({ ok: true, rule: { effect: { kind } } });
    }
  });

  it('is read or refused whatever is typed, and what is read comes back the same', () => {
    const random = createRandom(7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const words = [
      ...Object.keys(FAULT_KINDS),
      ...[
        '*',
        's3',
        's3.PutObject',
        'logs.*',
        '30s',
        '0ms',
        '1.5h',
        'times=2',
        'rate=0.25',
        'key=a,b',
        'to=*',
      ],
      ...[
        'bucket=?',
        'status=404',
        'code=X',
        'message==',
        'ms=7',
        'group=/a',
        '=',
        ':',
        ',',
        '',
        '\u0000',
        '٣',
      ],
    ];
    let read = 0;
    for (let round = 0; round < 5_000; round++) {
      const parts = Array.from({ length: Math.floor(random() * 4) }, () => pick(words));
      const spec = `${pick(words)}${pick([':', ':', ':', ''])}${parts.join(pick([',', ',', ':']))}`;
      const parsed = parseFault(spec);
      if (!parsed.ok) {
        if (parsed.problem === '' || parsed.hint === '') expect.unreachable(spec);
        continue;
      }
      read++;
      const again = parseFault(formatFault(parsed.rule));
      if (!isDeepStrictEqual(again, parsed)) expect(again, spec).toEqual(parsed);
    }
    expect(read).toBeGreaterThan(80);
  });
});

describe('operations', () => {
  it('are those of the SDK, for every service that the sandbox has', async () => {
    expect([...SERVICES].sort()).toEqual(Object.keys(SERVICE_SPECS).sort());
    expect(await operationsOf('s3')).toContain('PutBucketNotificationConfiguration');
    expect(await operationsOf('s3')).not.toContain('');
    expect(await operationsOf('toString')).toBeUndefined();
  });

  it('that a service does not have are refused: the fault would never strike', async () => {
    expect(await readFaults(['deny:s3.PutObject', 'deny:s3.*'])).toHaveLength(2);
    await expect(readFaults(['drop', 'deny:s3.putObject'])).rejects.toMatchObject({
      code: 'USAGE',
      message: 'fault "deny:s3.putObject": s3 has no operation "putObject"; did you mean PutObject?',
    });
    await expect(readFaults(['drp'])).rejects.toMatchObject({
      code: 'USAGE',
      message: 'fault "drp": there is no kind "drp"; did you mean drop?',
      hint: expect.stringContaining('Kinds: '),
    });
  });
});
