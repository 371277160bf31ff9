import { expect, it } from 'vitest';
import { S3evtError } from '../../src/core/errors.ts';
import { envelope, ndjson } from '../../src/ui/json.ts';

it('is the envelope of the contract, member by member', () => {
  expect(
    envelope({ command: 'match', status: 'ok', data: { key: 'a' }, warnings: [], error: null }, false),
  ).toBe(
    '{"schemaVersion":1,"command":"match","status":"ok","data":{"key":"a"},"warnings":[],"error":null}\n',
  );
});

it('tells all of an error', () => {
  const error = new S3evtError('RULES_OVERLAP', 'Two rules overlap', {
    hint: 'Remove one of them.',
    commands: ['s3evt rm a'],
  });
  const text = envelope(
    {
      command: 'add',
      status: 'error',
      data: undefined,
      warnings: [{ code: 'OLD_NODE', message: 'x' }],
      error,
    },
    false,
  );
  expect(text).toBe(
    '{"schemaVersion":1,"command":"add","status":"error","data":null,' +
      '"warnings":[{"code":"OLD_NODE","message":"x"}],' +
      '"error":{"code":"RULES_OVERLAP","category":"conflict","message":"Two rules overlap","retryable":false,' +
      '"hint":"Remove one of them.","commands":["s3evt rm a"]}}\n',
  );
});

it('has a null hint, and no secrets in the texts of an error', () => {
  const error = new S3evtError('AWS_ERROR', 'x-amz-security-token:AAAABBBBCCCC refused');
  const parsed: unknown = JSON.parse(
    envelope({ command: 'ls', status: 'error', data: null, warnings: [], error }, false),
  );
  expect(parsed).toMatchObject({
    error: { message: 'x-amz-security-token:[redacted] refused', hint: null, commands: [] },
  });
});

it('says how far a command got that failed', () => {
  const error = new S3evtError('NETWORK', 'gone', { data: { steps: [1] } });
  expect(
    JSON.parse(envelope({ command: 'init', status: 'error', data: null, warnings: [], error }, false)),
  ).toMatchObject({ data: { steps: [1] } });
});

it('is indented for a person', () => {
  expect(envelope({ command: 'ls', status: 'ok', data: null, warnings: [], error: null }, true)).toBe(
    '{\n  "schemaVersion": 1,\n  "command": "ls",\n  "status": "ok",\n  "data": null,\n  "warnings": [],\n  "error": null\n}\n',
  );
});

it('escapes everything a terminal would obey and changes nothing', () => {
  let hostile = '\ud800 \udc00 \u{1f600} \u{e0041}';
  for (let code = 0; code < 0x100; code += 1) hostile += String.fromCharCode(code);
  for (let code = 0x2000; code < 0x2070; code += 1) hostile += String.fromCharCode(code);
  hostile += '\ufeff\u061c';
  const item = { type: 'log', [hostile]: hostile };
  const text = ndjson(item);
  expect(text).not.toMatch(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/,
  );
  expect(text).not.toMatch(/[\ud800-\udfff]/u);
  expect(text.indexOf('\n')).toBe(text.length - 1);
  expect(text).toContain('\\udb40\\udc41');
  expect(JSON.parse(text)).toEqual(item);
});
