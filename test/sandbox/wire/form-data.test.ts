import { describe, expect, it } from 'vitest';
import { readFormData } from '../../../src/sandbox/wire/form-data.ts';

const TYPE = 'multipart/form-data; boundary=X';

function form(...parts: readonly (readonly [head: string, data: string])[]): string {
  const body = parts.map(
    ([head, data]) => `--X\r\nContent-Disposition: form-data; ${head}\r\n\r\n${data}\r\n`,
  );
  return `${body.join('')}--X--\r\n`;
}

const read = (body: string | Buffer, type = TYPE) => readFormData(type, Buffer.from(body as string));
const values = (body: string, type?: string) =>
  [...(read(body, type)?.fields ?? [])].map(([name, field]) => [name, field.name, field.value]);

describe('readFormData', () => {
  it('reads fields up to the file', () => {
    const data = read(
      form(
        ['name="Key"', 'a/ü'],
        ['name="empty"', ''],
        ['name="file"; filename="x.txt"', 'a\r\nb'],
        ['name="z"', 'late'],
      ),
    );
    expect([...(data?.fields ?? [])]).toEqual([
      ['key', { name: 'Key', value: 'a/ü' }],
      ['empty', { name: 'empty', value: '' }],
    ]);
    expect(data?.file).toMatchObject({ name: 'file', filename: 'x.txt' });
    expect(data?.file?.data.toString()).toBe('a\r\nb');
    expect(data?.fieldBytes).toBe(
      form(['name="Key"', 'a/ü'], ['name="empty"', '']).length - '\r\n--X--\r\n'.length + 1,
    );
  });

  it('takes the file by its name, not by its file name', () => {
    const data = read(form(['name="key"; filename="key"', 'k'], ['name=file', 'content']));
    expect(data?.fields.get('key')?.value).toBe('k');
    expect(data?.file).toMatchObject({ filename: undefined });
    expect(read(form(['name="key"', 'k']))).toMatchObject({ file: undefined });
  });

  it('keeps bytes that look like a delimiter but are none', () => {
    const content = 'a--X\r\n\r\n--Y--\r\n-X--';
    expect(read(form(['name="file"', content]))?.file?.data.toString()).toBe(content);
  });

  it('reads quoted boundaries, preambles, padding and further headers', () => {
    const body =
      'preamble\r\n--a b \t\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION: Form-Data; NAME="k"\r\n\r\nv\r\n--a b--';
    expect(values(body, 'multipart/form-data; charset=utf-8; boundary="a b"')).toEqual([['k', 'k', 'v']]);
  });

  it('unescapes names as browsers and others escape them', () => {
    expect(values(form(['name="a%22b"', '1'], ['name="c\\"d"', '2'], ['name="e%41"', '3']))).toEqual([
      ['a"b', 'a"b', '1'],
      ['c"d', 'c"d', '2'],
      ['e%41', 'e%41', '3'],
    ]);
    expect(values(form(['name="a; filename=b"', '1']))).toEqual([['a; filename=b', 'a; filename=b', '1']]);
  });

  it.each([
    ['no boundary', 'multipart/form-data', form(['name="k"', 'v'])],
    ['another boundary', 'multipart/form-data; boundary=Y', form(['name="k"', 'v'])],
    ['nothing', TYPE, ''],
    ['no end', TYPE, form(['name="k"', 'v']).replace('--X--', '')],
    ['no name', TYPE, form(['filename="x"', 'v'])],
    ['another disposition', TYPE, form(['name="k"', 'v']).replace('form-data', 'file')],
    ['no headers', TYPE, '--X\r\n\r\nv\r\n--X--'],
    ['a header without end', TYPE, '--X\r\nContent-Disposition: form-data; name="k"'],
  ])('finds a body with %s malformed', (_, type, body) => {
    expect(read(body, type)).toBeUndefined();
  });

  it('survives whatever it is given', () => {
    const whole = Buffer.from(form(['name="key"', 'k'], ['name="file"; filename="f"', '\0\xff']));
    // A linear congruential generator: the same bytes in every run.
    let state = 7;
    const next = (limit: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >>> 8) % limit;
    };
    const pieces = ['\r\n', '--X', '--', '"', ';', 'name=', ':', '\0', '%22', '\\'];
    for (let round = 0; round < 3000; round++) {
      const at = next(whole.length);
      const until = at + next(12);
      const piece = Buffer.from(pieces[next(pieces.length)]!);
      const mutated = Buffer.concat([whole.subarray(0, at), piece, whole.subarray(until)]);
      const data = readFormData(TYPE, next(5) === 0 ? mutated.subarray(0, until) : mutated);
      expect((data?.file?.data.length ?? 0) <= mutated.length).toBe(true);
    }
  });

  it('reads a large header without a long search', () => {
    expect(read(form([`name="k${'"; a="'.repeat(100_000)}"`, 'v']))).toBeUndefined();
  });
});
