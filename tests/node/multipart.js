// Express with multer: says in JSON what it found in the parts of a body.
import express from "express";
import multer from "multer";

const app = express();
// Browsers send names in UTF-8; multer takes them for Latin-1 unless told otherwise.
const parts = multer({ defParamCharset: "utf8" }).fields([{ name: "photo", maxCount: 1 }, { name: "versions" }]);

app.post("/albums/:album/photos", parts, (request, response) => {
  const [photo] = request.files.photo;
  const place = JSON.parse(request.body.place);
  response.status(201).json({
    name: `${request.params.album}/${photo.originalname} ${photo.mimetype}`,
    size: photo.size,
    versions: request.files.versions.map((one) => `${one.originalname} ${one.buffer.toString("hex")}`),
    title: request.body.title,
    tags: request.body.tags,
    lat: place.lat,
  });
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
