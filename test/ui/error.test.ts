import { expect, it } from 'vitest';
import { S3evtError } from '../../src/core/errors.ts';
import { formatError } from '../../src/ui/error.ts';
import { createTheme } from '../../src/ui/theme.ts';

const theme = createTheme({ color: false, unicode: false });

it('says what, what to do, and the commands to copy', () => {
  const error = new S3evtError('CREDENTIALS_EXPIRED', 'The SSO session has expired', {
    hint: 'Sign in again:',
    commands: ['aws sso login --profile dev', 's3evt doctor'],
  });
  expect(formatError(error, theme, { debug: false })).toEqual([
    'error: The SSO session has expired',
    'Sign in again:',
    '  aws sso login --profile dev',
    '  s3evt doctor',
  ]);
});

it('adds AWS and the causes with debug', () => {
  const cause = new Error('socket hang up');
  const error = new S3evtError('AWS_ERROR', 'No', {
    aws: {
      name: 'InternalError',
      message: 'We encountered an internal error.',
      status: 500,
      requestId: 'R1',
      arguments: [{ name: 'queue', value: 'no' }],
    },
    cause,
  });
  const lines = formatError(error, theme, { debug: true });
  expect(lines.slice(0, 4)).toEqual([
    'error: No',
    'code: AWS_ERROR',
    'AWS: InternalError, HTTP 500, R1: We encountered an internal error.',
    '  queue: no',
  ]);
  expect(lines).toContain('caused by: Error: socket hang up');
});

it('calls anything else a bug', () => {
  expect(formatError(new TypeError('x is not a function'), theme, { debug: false })).toEqual([
    'error: x is not a function',
    'This is a bug in s3evt; run again with --debug to see where it happened.',
  ]);
  const lines = formatError(new TypeError('x is not a function'), theme, { debug: true });
  expect(lines.slice(0, 3)).toEqual([
    'error: x is not a function',
    'This is a bug in s3evt.',
    'TypeError: x is not a function',
  ]);
  expect(lines.some((line) => line.includes('error.test.ts'))).toBe(true);
  expect(formatError(new S3evtError('INTERNAL', 'no'), theme, { debug: false })).toHaveLength(2);
});

it.each<[unknown, string]>([
  [undefined, 'error: unknown error (undefined)'],
  ['text', 'error: text'],
  [{ toString: () => 1 }, 'error: unknown error (object)'],
  [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'error: ECONNREFUSED'],
])('survives what is thrown: %j', (thrown, expected) => {
  expect(formatError(thrown, theme, { debug: true })[0]).toBe(expected);
});

it('stops at a cause that is its own cause', () => {
  const error = new Error('loop');
  error.cause = error;
  error.stack = 'loop';
  expect(formatError(error, theme, { debug: true }).length).toBeLessThan(20);
});

it('shows neither escapes nor secrets, in any part', () => {
  const bad = '\u001b[2J\u202e aws_secret_access_key=abcdef\u0007\nsecond';
  const error = new S3evtError('AWS_ERROR', bad, {
    hint: bad,
    commands: [bad],
    aws: { name: bad, message: bad },
    cause: new Error(bad),
  });
  const lines = formatError(error, theme, { debug: true });
  expect(lines[0]).toBe('error:  aws_secret_access_key=[redacted]');
  expect(lines[1]).toBe('  second');
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u202e]|abcdef/);
});

it('folds on a terminal, never inside a word, and keeps the label', () => {
  const error = new S3evtError('NOT_FOUND', 'one two three four five six seven', {
    hint: 'eight nine ten eleven',
  });
  expect(formatError(error, theme, { debug: false, width: 20 })).toEqual([
    'error: one two three',
    '  four five six seven',
    'eight nine ten',
    'eleven',
  ]);
});
