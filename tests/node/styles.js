// Express with qs: says in JSON what it found in path, query and headers.
import express from "express";

const app = express();
app.set("query parser", "extended");

app.get("/:kind/:simple/:simple_exploded/:label/:label_exploded/:matrix/:matrix_exploded", (request, response) => {
  response.json({ params: request.params, query: request.query, headers: request.headers });
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
