// Express with fast-xml-parser: reads a pet, says in XML of its own what it found.
import express from "express";
import { XMLBuilder, XMLParser } from "fast-xml-parser";

const options = { ignoreAttributes: false, attributeNamePrefix: "@", textNodeName: "#text" };
const parser = new XMLParser({ ...options, parseTagValue: false, trimValues: false });
const builder = new XMLBuilder({ ...options, format: true });
const app = express();
app.use(express.text({ type: ["application/xml"] }));

let kept;
app.post("/pets", (request, response) => {
  const { pet } = parser.parse(request.body);
  if (!pet?.name) {
    const problem = { problem: { "#cdata": "no name" } };
    const text = new XMLBuilder({ ...options, cdataPropName: "#cdata" }).build(problem);
    return response.status(400).type("application/problem+xml").send(text);
  }
  kept = pet;
  const seen = { ...pet, seen: { "@by": "fast-xml-parser", tag: pet.tags?.tag } };
  response.status(201).type("application/xml").send(`<?xml version="1.0"?>\n${builder.build({ pet: seen })}`);
});

app.get("/pets", (request, response) => {
  response.type("text/xml").send(builder.build({ pets: { pet: [kept, kept] } }));
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
