import { BooleanList } from './boolean-list.js'
import { Metadata, type MetadataArray, type StoredValue } from './metadata.js'
import type { ModelDirectory, TensorInfo } from './model-file.js'
import { type PackedStrings, StringList } from './string-list.js'
import { EncodedText } from './text.js'

/** A metadata value without classes of our own, which would lose their prototypes on the way to another thread. */
type PackedValue =
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  | { readonly kind: 'booleans'; readonly bytes: Uint8Array }
  | { readonly kind: 'strings'; readonly strings: PackedStrings }
  | { readonly kind: 'list'; readonly items: readonly PackedValue[] }
  | { readonly kind: 'plain'; readonly value: unknown }

/** A model's directory as data that can be posted to another thread. Long values stay encoded. */
export interface PackedDirectory extends Omit<ModelDirectory, 'metadata' | 'tensors'> {
  readonly values: readonly (readonly [key: string, value: PackedValue])[]
  readonly tensors: readonly TensorInfo[]
}

export function packDirectory({ metadata, tensors, ...rest }: ModelDirectory): PackedDirectory {
  const { container, version, name, tensorBytes } = rest
  return {
    container,
    version,
    name,
    tensorBytes,
    values: Array.from(metadata.stored, ([key, value]) => [key, packValue(value)] as const),
    tensors: Array.from(tensors.values(), ({ name, shape, format, elements, byteLength }) => ({
      name,
      shape,
      format,
      elements,
      byteLength,
    })),
  }
}

export function unpackDirectory({ values, tensors, ...rest }: PackedDirectory): ModelDirectory {
  return {
    ...rest,
    metadata: new Metadata(rest.name, new Map(values.map(([key, value]) => [key, unpackValue(value)]))),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  }
}

function packValue(value: StoredValue): PackedValue {
  if (value instanceof EncodedText) return { kind: 'text', bytes: value.bytes }
  if (value instanceof BooleanList) return { kind: 'booleans', bytes: value.bytes }
  if (value instanceof StringList) return { kind: 'strings', strings: value.pack() }
  if (Array.isArray(value) && typeof value[0] === 'object') {
    return { kind: 'list', items: (value as readonly MetadataArray[]).map(packValue) }
  }
  return { kind: 'plain', value }
}

function unpackValue(packed: PackedValue): StoredValue {
  switch (packed.kind) {
    case 'text':
      return new EncodedText(packed.bytes)
    case 'booleans':
      return new BooleanList(packed.bytes)
    case 'strings':
      return StringList.unpack(packed.strings)
    case 'list':
      return packed.items.map((item) => unpackValue(item) as MetadataArray)
    case 'plain':
      return packed.value as StoredValue
  }
}
