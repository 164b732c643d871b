/** What the documentation says of the bodies that a request for a mirror job may have. */
import { fieldsJsonSchema } from "./mirror-fields.ts";
import { SBOM_TYPES } from "./mirror-request.ts";

const fields = fieldsJsonSchema();
const file = (description: string) => ({ type: "array", items: { type: "string", format: "binary" }, description });

const form = {
  type: "object",
  properties: {
    ...fields.properties,
    purls: { ...fields.properties.purls, description: "Package URLs; or as a file, one a line" },
    sbom: file("CycloneDX or SPDX documents"),
    lockfile: file("Lockfiles; their names tell their formats"),
    images: file("Lists of images, compose files and Kubernetes manifests"),
  },
};

export const requestBody = {
  required: true,
  content: {
    "application/json": { schema: fields },
    "multipart/form-data": { schema: form },
    ...Object.fromEntries(
      SBOM_TYPES.map((type) => [
        type,
        { schema: { type: "string", description: "An SBOM; the options are in the query" } },
      ]),
    ),
  },
} as { required: boolean; content: Record<string, { schema: object }> };
