// SPDX-License-Identifier: Apache-2.0
// Prints, as JSON, what the traffic is held against: the official description, read strictly, with
// the exceptions added. An exception that the description states itself ends it with 1.
// Usage: strict.js DESCRIPTION EXCEPTIONS
'use strict';
const { readFileSync } = require('fs');
const yaml = require('js-yaml');

const [descriptionFile, exceptionsFile] = process.argv.slice(2);
const description = yaml.load(readFileSync(descriptionFile, 'utf8'));
const exceptions = JSON.parse(readFileSync(exceptionsFile, 'utf8'));

// Every object of the document, the document too.
function* objects(node) {
  if (node !== null && typeof node === 'object') {
    yield node;
    for (const child of Object.values(node)) yield* objects(child);
  }
}

// `default` would let every status pass.
function namesEveryStatus() {
  for (const path of Object.values(description.paths)) {
    for (const operation of Object.values(path)) delete operation.responses.default;
  }
}

// An object that is titled "null" and may be null is meant to be null; as it is written, it is any
// object, and what a reserved IP says of its droplet would never be looked at. (Prism passes over a
// schema with `enum: [null]` here, and says nothing.)
function meansNullByNull() {
  for (const node of objects(description)) {
    if (node.title === 'null' && node.nullable) node.maxProperties = 0;
  }
}

// With anyOf alone the assignment to a droplet "x" is valid, as an unassignment.
function choosesByDiscriminator() {
  for (const node of objects(description)) {
    if (node.anyOf && node.discriminator) {
      const { propertyName, mapping } = node.discriminator;
      node.anyOf = Object.entries(mapping).map(([value, $ref]) => ({
        allOf: [{ $ref }, { type: 'object', properties: { [propertyName]: { type: 'string', enum: [value] } } }],
      }));
      delete node.discriminator;
    }
  }
}

function add({ name, method, path, parameters, status, response }) {
  const item = (description.paths[path] ??= {});
  const operation = (item[method] ??= { parameters, responses: {}, security: [{ bearer_auth: [] }] });
  if (operation.responses[status]) {
    console.error(`stale exception "${name}": the description has ${method} ${path} ${status}`);
    process.exit(1);
  }
  operation.responses[status] = response;
}

namesEveryStatus();
meansNullByNull();
choosesByDiscriminator();
exceptions.forEach(add);
console.log(JSON.stringify(description));
