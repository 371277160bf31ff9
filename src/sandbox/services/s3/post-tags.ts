import { parseXml, type XmlElement } from '../../wire/xml-document.ts';
import { MalformedInput } from '../../wire/scalars.ts';
import { malformedXml } from './errors.ts';
import type { Tag } from './store.ts';
import { objectTags } from './tags.ts';

/** The `tagging` field of a browser form: the document of PutObjectTagging. Recorded: another document holds no tags. */
export function formTags(text: string | undefined): readonly Tag[] {
  if (text === undefined) return [];
  const sets = parse(text).children.filter((element) => element.name === 'TagSet');
  return objectTags(
    sets
      .flatMap((set) => set.children)
      .map((tag) => ({ Key: childText(tag, 'Key'), Value: childText(tag, 'Value') })),
  );
}

function parse(text: string): XmlElement {
  try {
    return parseXml(text);
  } catch (error) {
    throw error instanceof MalformedInput ? malformedXml() : error;
  }
}

function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}
