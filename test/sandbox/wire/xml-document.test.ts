import { describe, expect, it } from 'vitest';
import { MalformedInput } from '../../../src/sandbox/wire/scalars.ts';
import { escapeXml } from '../../../src/sandbox/wire/xml.ts';
import { parseXml } from '../../../src/sandbox/wire/xml-document.ts';

const text = (source: string): string => parseXml(source).text;

describe('text', () => {
  it('keeps white space', () => {
    expect(text('<a>  b \n\t c  </a>')).toBe('  b \n\t c  ');
    expect(text('<a> </a>')).toBe(' ');
  });

  it('decodes named and numeric entities once', () => {
    expect(text('<a>&lt;&gt;&amp;&quot;&apos;</a>')).toBe(`<>&"'`);
    expect(text('<a>&#233;&#xE9;&#x1F600;&#13;&#x0D;&#1;</a>')).toBe('éé😀\r\r\u0001');
    expect(text('<a>&amp;lt;&amp;#65;</a>')).toBe('&lt;&#65;');
  });

  it('leaves CDATA as it is, and joins it with its surroundings', () => {
    expect(text('<a>x<![CDATA[ <b>&amp;</b> ]]>y</a>')).toBe('x <b>&amp;</b> y');
    expect(text('<a><![CDATA[]]></a>')).toBe('');
    expect(text('<a><![CDATA[<!DOCTYPE x>]]></a>')).toBe('<!DOCTYPE x>');
  });

  it('skips comments and processing instructions', () => {
    expect(text('<?xml version="1.0"?><!-- a --><a>x<!-- <!ENTITY --><?pi data?>y</a><!-- b -->')).toBe('xy');
  });

  it('does not turn text into other types', () => {
    expect(text('<a>007</a>')).toBe('007');
    expect(text('<a>true</a>')).toBe('true');
    expect(text('<a>1e5</a>')).toBe('1e5');
  });

  it('survives printing and parsing for every character below U+0100 and beyond', () => {
    const all = Array.from({ length: 0xff }, (_, code) => String.fromCharCode(code + 1)).join('');
    const awkward = `${all}\u2028\u2029\ufffe]]>😀`;
    expect(text(`<a>${escapeXml(awkward)}</a>`)).toBe(awkward);
  });
});

describe('elements', () => {
  it('come in order, without prefixes, with attributes', () => {
    const root = parseXml(
      '\ufeff<?xml version="1.0"?><ns:r xmlns:ns="u"><b xsi:type="a&amp;b" c=\'d"\'/><a/><b>2</b></ns:r>',
    );
    expect(root.name).toBe('r');
    expect(root.children.map((child) => [child.name, child.text])).toEqual([
      ['b', ''],
      ['a', ''],
      ['b', '2'],
    ]);
    expect([...(root.children[0]?.attributes ?? [])]).toEqual([
      ['xsi:type', 'a&b'],
      ['c', 'd"'],
    ]);
  });

  it.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'])(
    'cannot reach a prototype by the name %s',
    (name) => {
      const source = `<a><${name}><polluted>1</polluted></${name}><b ${name}="1"/></a>`;
      try {
        parseXml(source);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedInput);
      }
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      expect(Object.prototype.hasOwnProperty.call({}, 'x')).toBe(false);
    },
  );
});

describe('what is not well-formed is refused', () => {
  it.each([
    ['nothing', ''],
    ['white space', '  '],
    ['text', 'hello'],
    ['JSON', '{"a":1}'],
    ['an open element', '<a>'],
    ['a wrong end', '<a></b>'],
    ['crossed elements', '<a><b></a></b>'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<a/>x'],
    ['a bare ampersand', '<a>a & b</a>'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['an entity without end', '<a>&lt</a>'],
    ['the null character', '<a>&#0;</a>'],
    ['a surrogate', '<a>&#xD800;</a>'],
    ['a character beyond Unicode', '<a>&#x110000;</a>'],
    ['a DOCTYPE', '<!DOCTYPE a><a/>'],
    ['a DOCTYPE in small letters', '<!doctype a><a/>'],
    ['entity expansion', '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><a>&z;</a>'],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['an open comment', '<a><!-- </a>'],
    ['open CDATA', '<a><![CDATA[ </a>'],
    ['an attribute without value', '<a b/>'],
    ['deep nesting', '<a>'.repeat(5000) + '</a>'.repeat(5000)],
  ])('%s', (_name, source) => {
    expect(() => parseXml(source)).toThrow(MalformedInput);
  });
});
