// SPDX-License-Identifier: Apache-2.0
// Copyright (c) the Parley authors.
// Shows the OpenAPI file of this gateway. No validator: it would send the file's address to another host.
SwaggerUIBundle({
    url: "/openapi.yaml",
    dom_id: "#reference",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    docExpansion: "list",
    validatorUrl: null,
});
