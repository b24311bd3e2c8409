// Types of the API, from the collector's own description of it.
//   node scripts/types.mjs              web/openapi.json -> web/src/api/schemas.ts
//   node scripts/types.mjs ADDRESS      takes a running collector's description first
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const kDescription = fileURLToPath(new URL('../openapi.json', import.meta.url));
const kTypes = fileURLToPath(new URL('../src/api/schemas.ts', import.meta.url));

function typeOf(schema) {
  const type = bare(schema);
  return schema.nullable && type !== 'unknown' ? `${type} | null` : type;
}

const inList = (type) => (/[|&]/.test(type) && !type.startsWith('{') ? `(${type})` : type);

function bare(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.allOf) return schema.allOf.map(typeOf).join(' & ');
  if (schema.oneOf) return schema.oneOf.map(typeOf).join(' | ');
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  switch (schema.type) {
    case 'array':
      return `${inList(typeOf(schema.items ?? {}))}[]`;
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
      return schema.type;
    case 'object':
      return objectOf(schema);
    default:
      return 'unknown';
  }
}

function objectOf(schema) {
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties ?? {}).map(([name, one]) => `${name}${required.has(name) ? '' : '?'}: ${typeOf(one)}`);
  if (members.length > 0) return `{ ${members.join('; ')} }`;
  return `Record<string, ${typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties) : 'unknown'}>`;
}

/** What the page is built against: schemas and addresses, without the version, which changes with every release. */
export function described(openapi) {
  const addresses = Object.entries(openapi.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  return { addresses: addresses.sort(), schemas: openapi.components.schemas };
}

function types({ addresses, schemas }) {
  const names = Object.keys(schemas).sort();
  const lines = names.map((name) => `export type ${name} = ${typeOf(schemas[name])};`);
  const known = addresses.map((one) => `  | '${one}'`).join('\n');
  return `// Made by scripts/types.mjs from openapi.json.\n\n${lines.join('\n')}\n\nexport type Address =\n${known};\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const address = process.argv[2];
  if (address) {
    const answer = await fetch(new URL('api/v1/openapi.json', address));
    writeFileSync(kDescription, `${JSON.stringify(described(await answer.json()), null, 1)}\n`);
  }
  writeFileSync(kTypes, types(JSON.parse(readFileSync(kDescription, 'utf8'))));
}
