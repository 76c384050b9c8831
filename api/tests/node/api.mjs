// The least of a client: what the scripts here need to bring something about.
import assert from "node:assert/strict";

export async function ask(url, query, variables = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

// Announces a file of one block. Its inspection, created now, waits until `send` is called.
export async function announceAndInspect(url, name, text) {
  const bytes = new TextEncoder().encode(text);
  const { createUpload } = await ask(
    url,
    `mutation ($input: CreateUploadInput!) {
      createUpload(input: $input) { upload { id grant { url headers { name value } } } file { id } userErrors { code } }
    }`,
    { input: { name, sizeBytes: bytes.length, idempotencyKey: `upload ${name}` } },
  );
  assert.deepEqual(createUpload.userErrors, []);
  const { createInspection } = await ask(
    url,
    `mutation ($input: CreateInspectionInput!) {
      createInspection(input: $input) { inspection { id state } userErrors { code } }
    }`,
    { input: { fileId: createUpload.file.id, idempotencyKey: `inspect ${name}` } },
  );
  assert.equal(createInspection.inspection.state, "WAITING_FOR_FILE");
  const { id: uploadId, grant } = createUpload.upload;
  const send = async () => {
    const put = await fetch(`${grant.url}&comp=block&blockid=${encodeURIComponent(btoa("00000000"))}`, {
      method: "PUT",
      headers: Object.fromEntries(grant.headers.map(({ name, value }) => [name, value])),
      body: bytes,
    });
    assert.equal(put.status, 201, await put.text());
    const complete = "mutation ($id: ID!) { completeUpload(input: { uploadId: $id }) { userErrors { code message } } }";
    const { completeUpload } = await ask(url, complete, { id: uploadId });
    assert.deepEqual(completeUpload.userErrors, []);
  };
  return { inspectionId: createInspection.inspection.id, send };
}
