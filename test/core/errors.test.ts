import { describe, expect, test } from 'vitest';
import { ERROR_CODES, hasCode, S3evtError, type ErrorCode } from '../../src/core/errors.ts';

describe('codes', () => {
  const contract: Record<number, readonly ErrorCode[]> = {
    1: ['AWS_ERROR', 'NETWORK', 'INTERNAL', 'DESTINATION_REFUSED', 'ROLE_NOT_ASSUMABLE'],
    2: [
      'FILE_UNREADABLE',
      'DESTINATION_NOT_FOUND',
      'USAGE',
      'INPUT_REQUIRED',
      'CONFIRMATION_REQUIRED',
      'INVALID_PROJECT_FILE',
      'CANCELLED',
    ],
    3: ['EVENT_NOT_SEEN', 'WAIT_EXPIRED'],
    4: ['CREDENTIALS_MISSING', 'CREDENTIALS_EXPIRED', 'ACCESS_DENIED'],
    5: ['RULES_OVERLAP', 'CONFIGURATION_CHANGED', 'NAME_TAKEN', 'PORT_IN_USE', 'OWNED_BY_OTHERS'],
  };
  test.each(Object.entries(contract))('exit code %s', (exitCode, codes) => {
    for (const code of codes)
      expect([code, new S3evtError(code, '').exitCode]).toEqual([code, Number(exitCode)]);
  });

  test('every code has an exit code from 1 to 5, that of its category', () => {
    const categories = new Map<string, number>();
    for (const code of ERROR_CODES) {
      const { category, exitCode, retryable } = new S3evtError(code, '');
      expect(exitCode).toBeGreaterThanOrEqual(1);
      expect(exitCode).toBeLessThanOrEqual(5);
      expect(categories.get(category) ?? exitCode).toBe(exitCode);
      expect(typeof retryable).toBe('boolean');
      categories.set(category, exitCode);
    }
    expect(categories.size).toBe(5);
  });

  test('only what may pass by itself is retryable', () => {
    const retryable = ERROR_CODES.filter((code) => new S3evtError(code, '').retryable);
    expect([...retryable].sort()).toEqual([
      'AWS_UNAVAILABLE',
      'NETWORK',
      'ROLE_NOT_ASSUMABLE',
      'THROTTLED',
      'TIMEOUT',
    ]);
  });
});

test('details have defaults', () => {
  const plain = new S3evtError('USAGE', 'no');
  expect(plain).toMatchObject({ name: 'S3evtError', message: 'no', hint: undefined, commands: [] });
  expect('cause' in plain).toBe(false);
  const cause = new Error('below');
  const full = new S3evtError('AWS_ERROR', 'no', {
    hint: 'h',
    commands: ['c'],
    aws: { name: 'N', message: 'm' },
    data: { made: 1 },
    cause,
  });
  expect(full).toMatchObject({ hint: 'h', commands: ['c'], aws: { name: 'N' }, data: { made: 1 } });
  expect(full.cause).toBe(cause);
});

test('hasCode', () => {
  const error = new S3evtError('NOT_FOUND', '');
  expect(hasCode(error, 'USAGE', 'NOT_FOUND')).toBe(true);
  expect(hasCode(error, 'USAGE')).toBe(false);
  expect(hasCode({ code: 'NOT_FOUND' }, 'NOT_FOUND')).toBe(false);
  expect(hasCode(undefined, 'NOT_FOUND')).toBe(false);
});
