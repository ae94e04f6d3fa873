// The token stays in this page's memory: neither in a cookie nor in the browser's storage. It may come in the
// fragment of the address (/docs#token=…), which is sent to no server, and is taken out of the address at once.
"use strict";

let token = "";

function takeTokenFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    token = given;
    history.replaceState(null, "", location.pathname + location.search);
  }
}

function withToken(request) {
  const here = new URL(request.url, location.href).origin === location.origin;
  if (here && token && !request.headers.Authorization) {
    request.headers.Authorization = `Bearer ${token}`;
  }
  return request;
}

function show() {
  const page = SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#api",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    filter: true,
    validatorUrl: null,
    requestInterceptor: withToken,
    responseInterceptor: (response) => {
      if (response.url.endsWith("/openapi.json")) {
        tell(response);
      }
      return response;
    },
    onComplete: () => {
      if (token) {
        page.preauthorizeApiKey("token", token);
      }
    },
  });
}

function tell(response) {
  const paths = Object.keys((response.body || {}).paths || {});
  const count = paths.filter((path) => /^\/functions\/[^{]*$/.test(path)).length;
  const functions = count === 1 ? "1 function" : `${count} functions`;
  document.getElementById("state").textContent = token ? functions : `${functions} public`;
}

document.getElementById("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token = document.getElementById("token").value.trim();
  show();
});

takeTokenFromAddress();
show();
