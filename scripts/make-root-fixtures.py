# SPDX-License-Identifier: Apache-2.0
"""Makes the small ROOT files of the ROOTIO tests.

    python3.11 -m venv .venv-root && .venv-root/bin/pip install root==0.1a12 numpy==2.4.6
    .venv-root/bin/python scripts/make-root-fixtures.py Tests/ROOTIOTests/Fixtures
    .venv-uproot/bin/python scripts/root-reference.py Tests/ROOTIOTests/Fixtures \
        > Tests/ROOTIOTests/Fixtures/reference-fixtures.txt

The second environment is that of `root-reference.py`. The values are formulas, not random.
"""

import array
import pathlib
import sys

import ROOT

folder = pathlib.Path(sys.argv[1])
ROOT.gInterpreter.Declare("""
struct FixtureHit { int channel; float energy[2]; };
struct FixturePacked {
  Double32_t angle; //[-pi,pi,16]
  Float16_t half;
  Double32_t plain;
  Double32_t range[2]; //[0,200,10]
};
struct FixturePoint { float x = 0; double y = 0; short n[2] = {0, 0}; };
struct FixtureBase { int id = 0; virtual ~FixtureBase() {} };
struct FixtureTrack : public FixtureBase {
  FixturePoint start; std::vector<float> hits; std::string name; TString label; bool good = false;
  Double32_t phi = 0; //[-pi,pi,16]
};
FixtureTrack fixtureTrack(int entry, int index) {
  FixtureTrack track;
  track.id = entry * 10 + index;
  track.start.x = entry; track.start.y = -index; track.start.n[0] = index; track.start.n[1] = entry;
  for (int hit = 0; hit < index; ++hit) track.hits.push_back(entry + hit / 8.0);
  track.name = std::string(index, 'a' + entry); track.label = "label"; track.good = index % 2;
  track.phi = entry / 4.0;
  return track;
}
/// Lists of lists, and objects whole and split, in three baskets.
void writeNested(const char* path) {
  TFile file(path, "RECREATE", "", 101);
  TTree tree("Events", "nested lists and objects");
  TLorentzVector* momentum = new TLorentzVector;
  TVector2* plane = new TVector2;
  FixturePoint point;
  FixtureTrack track;
  std::vector<std::vector<float>> floats;
  std::vector<std::vector<std::vector<int>>> deep;
  std::vector<std::vector<std::string>> texts;
  std::vector<TLorentzVector> momenta;
  std::vector<FixturePoint> points;
  std::vector<FixtureTrack> tracks;
  TClonesArray array("TLorentzVector");
  TClonesArray* pointer = &array;
  // By the names of their classes, as these have no compiled dictionary.
  auto deepPointer = &deep;
  auto textsPointer = &texts;
  auto momentaPointer = &momenta;
  auto pointsPointer = &points;
  auto tracksPointer = &tracks;
  tree.Branch("floats", &floats);
  tree.Bronch("deep", "vector<vector<vector<int>>>", &deepPointer);
  tree.Bronch("texts", "vector<vector<string>>", &textsPointer);
  tree.Branch("momentum", &momentum, 32000, 0);
  tree.Branch("plane", &plane, 32000, 0);
  tree.Bronch("momenta", "vector<TLorentzVector>", &momentaPointer);
  tree.Branch("point", &point, 32000, 0);
  tree.Bronch("points", "vector<FixturePoint>", &pointsPointer, 32000, 0);
  tree.Branch("track", &track, 32000, 0);
  tree.Bronch("tracks", "vector<FixtureTrack>", &tracksPointer, 32000, 0);
  tree.Bronch("splitTracks", "vector<FixtureTrack>", &tracksPointer, 32000, 99);
  tree.Branch("clones", &pointer, 32000, 0);
  tree.Branch("splitClones", &pointer, 32000, 99);
  for (int entry = 0; entry < 20; ++entry) {
    floats.clear(); deep.clear(); texts.clear(); momenta.clear(); points.clear(); tracks.clear();
    array.Clear();
    for (int index = 0; index < entry % 4; ++index) {
      floats.push_back(std::vector<float>(index, entry + index / 8.0));
      deep.push_back({});
      for (int inner = 0; inner < index; ++inner)
        deep.back().push_back(std::vector<int>(inner + 1, entry * 10 + inner));
      texts.push_back(std::vector<std::string>(index, std::string(entry, 'x')));
      momenta.push_back(TLorentzVector(entry, index, entry - index, 20 + entry));
      tracks.push_back(fixtureTrack(entry, index));
      points.push_back(tracks.back().start);
      static_cast<TLorentzVector*>(array.ConstructedAt(index))->SetPxPyPzE(entry, index, 1, 30);
    }
    momentum->SetPxPyPzE(entry, 2 * entry, 3 * entry, 100);
    plane->Set(entry / 2.0, -entry / 4.0);
    track = fixtureTrack(entry, entry % 3);
    point = track.start;
    tree.Fill();
    if (entry % 8 == 7) tree.FlushBaskets();
  }
  tree.Write();
  file.Close();
}
struct FixtureCell { short n = 0; float energy = 0; };
struct FixtureCluster { std::vector<FixtureCell> cells; std::vector<TVector2> planes; };
struct FixtureEvent { std::vector<FixturePoint> points; FixtureCell corners[2]; };
/// Lists of objects in lists of objects, a base class that is not split, an object that writes
/// itself, numbers of reduced precision in lists and in one of two leaves, a vector of RDataFrame, an
/// array of objects, and, in the second tree, a split list whose baskets do not tell where entries start.
void writeMembers(const char* path) {
  TFile file(path, "RECREATE", "", 101);
  for (bool isMapped : {false, true}) {
    TTree tree(isMapped ? "mapped" : "members", "members of objects");
    std::vector<FixtureCluster> clusters;
    auto clustersPointer = &clusters;
    FixtureEvent event;
    std::vector<Double32_t> reals;
    auto realsPointer = &reals;
    std::vector<Float16_t> halves;
    auto halvesPointer = &halves;
    ROOT::RVec<float> rvec;
    struct { float x, y; } mixed;
    TVector3* direction = new TVector3;
    FixtureTrack track;
    if (isMapped) {
      ROOT::TIOFeatures features;
      features.Set(ROOT::Experimental::EIOFeatures::kGenerateOffsetMap);
      tree.SetIOFeatures(features);
    } else {
      tree.Bronch("whole", "vector<FixtureCluster>", &clustersPointer, 32000, 0);
      tree.Bronch("clusters", "vector<FixtureCluster>", &clustersPointer, 32000, 99);
      tree.Branch("direction", &direction, 32000, 99);
      tree.Branch("track", &track, 32000, 1);
      tree.Bronch("reals", "vector<Double32_t>", &realsPointer);
      tree.Bronch("halves", "vector<Float16_t>", &halvesPointer);
      tree.Branch("rvec", &rvec);
      tree.Branch("mixed", &mixed, "x/f[0,16,8]:y/F");
    }
    tree.Branch("event", &event, 32000, 99);
    for (int entry = 0; entry < 12; ++entry) {
      clusters.clear(); event.points.clear(); reals.clear(); halves.clear();
      rvec.clear();
      for (int index = 0; index < entry % 3; ++index) {
        clusters.push_back({});
        for (int cell = 0; cell < (entry + index) % 3; ++cell)
          clusters.back().cells.push_back({short(100 * entry + 10 * index + cell), cell / 8.0f});
        for (int plane = 0; plane < index; ++plane)
          clusters.back().planes.push_back(TVector2(entry, -index));
        rvec.push_back(entry - index / 8.0f);
        reals.push_back(entry + index / 4.0);
        halves.push_back(-entry - index / 4.0);
        event.points.push_back(fixtureTrack(entry, index).start);
      }
      direction->SetXYZ(entry, -entry, entry / 2.0);
      track = fixtureTrack(entry, 2);
      mixed.x = entry; mixed.y = -entry;
      tree.Fill();
      if (entry == 6) tree.FlushBaskets();
    }
    tree.Write();
  }
  file.Close();
}
void writePacked() {
  TTree tree("split", "a split object");
  FixturePacked packed;
  tree.Branch("packed", &packed);
  for (int entry = 0; entry < 10; ++entry) {
    packed.angle = entry * 0.3 - 1;
    packed.half = -entry / 3.0;
    packed.plain = entry / 7.0;
    packed.range[0] = entry;
    packed.range[1] = 100 - entry;
    tree.Fill();
  }
  tree.Write();
}
""")


def scalars():
    """All fundamental types, arrays, several leaves, folders and cycles; zlib."""
    file = ROOT.TFile(str(folder / "scalars.root"), "RECREATE", "", 101)
    for title, entries in (("an older cycle", 3), ("all fundamental types", 20)):
        tree = ROOT.TTree("all", title)
        buffers = []
        kinds = [("O", "b"), ("B", "b"), ("b", "B"), ("S", "h"), ("s", "H"), ("I", "i"),
                 ("i", "I"), ("L", "q"), ("l", "Q"), ("G", "q"), ("g", "Q"), ("F", "f"),
                 ("D", "d")]
        for code, kind in kinds:
            buffer = array.array(kind, [0])
            buffers.append((buffer, code))
            name = ("u" if code.islower() else "s") + code.upper()
            tree.Branch(name, buffer, f"{name}/{code}")
        matrix = array.array("f", [0] * 6)
        tree.Branch("matrix", matrix, "matrix[2][3]/F")
        record = ROOT.std.vector("float")(4)
        pair = array.array("f", [0, 0])
        tree.Branch("pair", pair, "x/F:y/F")
        text = array.array("b", [0] * 300)
        tree.Branch("text", text, "text/C")
        for entry in range(entries):
            for index, (buffer, code) in enumerate(buffers):
                if code == "O":
                    buffer[0] = entry % 2
                elif code in "FD":
                    buffer[0] = (entry - 7) * 1.25 + index
                elif code.islower():
                    buffer[0] = entry * 7 + index
                else:
                    buffer[0] = (entry - 7) * 3 + index
            for index in range(6):
                matrix[index] = entry + index / 8
            pair[0], pair[1] = entry, -entry
            for index in range(300):
                text[index] = 97 + index % 26 if index < entry * 14 else 0
            tree.Fill()
        tree.Write()
    file.mkdir("folder/inner").cd()
    ntuple = ROOT.TNtuple("ntuple", "in a folder of a folder", "a:b:c")
    for entry in range(10):
        ntuple.Fill(entry, entry * entry, -entry)
    ntuple.Write()
    file.Close()


def jagged(name, compression, offset_map):
    """Counted arrays whose counter comes last, vectors, and strings, in several baskets."""
    file = ROOT.TFile(str(folder / name), "RECREATE", "", compression)
    tree = ROOT.TTree("Events", "jagged arrays")
    if offset_map:
        features = ROOT.TIOFeatures()
        features.Set(ROOT.Experimental.EIOFeatures.kGenerateOffsetMap)
        tree.SetIOFeatures(features)
    count = array.array("i", [0])
    values = array.array("f", [0] * 16)
    pairs = array.array("h", [0] * 32)
    vector = ROOT.std.vector("double")()
    nested = ROOT.std.vector("vector<int>")()
    hits = ROOT.std.vector("FixtureHit")()
    string = ROOT.std.string()
    counter = tree.Branch("n", count, "n/I")
    tree.Branch("value", values, "value[n]/F")
    tree.Branch("pair", pairs, "pair[n][2]/S")
    tree.Branch("vector", vector)
    tree.Branch("nested", nested)
    tree.Branch("hits", hits)
    tree.Branch("string", string)
    for entry in range(60):
        count[0] = entry * 7 % 5
        vector.clear()
        nested.clear()
        hits.clear()
        for index in range(count[0]):
            values[index] = entry + index / 16
            pairs[2 * index], pairs[2 * index + 1] = entry, -index
            vector.push_back(entry * 1.5 - index)
            nested.push_back(ROOT.std.vector("int")(index, entry))
            hit = ROOT.FixtureHit()
            hit.channel = entry * 10 + index
            hit.energy[0], hit.energy[1] = entry, index
            hits.push_back(hit)
        string.assign("entry " * (entry % 50))
        tree.Fill()
        if entry % 25 == 24:
            tree.FlushBaskets()
    tree.Write()
    file.Close()


def chunks():
    """A basket of 20 MB, so that it is compressed in two blocks."""
    file = ROOT.TFile(str(folder / "chunks.root"), "RECREATE", "", 505)
    tree = ROOT.TTree("tree", "long baskets")
    values = array.array("d", [0] * 250000)
    tree.Branch("values", values, "values[250000]/D", 64000000)
    for entry in range(10):
        for index in range(0, 250000, 50000):
            values[index] = entry + index
        tree.Fill()
    tree.Write()
    file.Close()


def ranges():
    """Types of reduced precision, and split objects with them."""
    file = ROOT.TFile(str(folder / "reduced.root"), "RECREATE", "", 101)
    tree = ROOT.TTree("tree", "reduced precision")
    single = array.array("f", [0])
    double = array.array("d", [0])
    tree.Branch("half", single, "half/f")
    tree.Branch("halfRange", single, "halfRange/f[0,10,12]")
    tree.Branch("double", double, "double/d")
    tree.Branch("doubleRange", double, "doubleRange/d[0,10,20]")
    tree.Branch("doubleBits", double, "doubleBits/d[0,0,14]")
    triple = array.array("f", [0, -1.5, 3.25])
    tree.Branch("halfArray", triple, "halfArray[3]/f")
    for entry in range(10):
        single[0] = double[0] = entry * 0.7
        tree.Fill()
    tree.Write()
    ROOT.writePacked()
    file.Close()


def embedded():
    """A tree saved while its last baskets are in memory, so that they are part of its record."""
    file = ROOT.TFile(str(folder / "embedded.root"), "RECREATE", "", 101)
    tree = ROOT.TTree("tree", "baskets inside the record of the tree")
    count = array.array("i", [0])
    values = array.array("d", [0] * 8)
    vector = ROOT.std.vector("int")()
    tree.Branch("n", count, "n/I")
    tree.Branch("value", values, "value[n]/D")
    tree.Branch("vector", vector)
    for entry in range(30):
        count[0] = entry % 4
        vector.clear()
        for index in range(count[0]):
            values[index] = entry / (index + 1)
            vector.push_back(entry - index)
        tree.Fill()
        if entry == 19:
            tree.FlushBaskets()
    tree.AutoSave()
    file.Close()


scalars()
embedded()
jagged("jagged-zstd.root", 505, False)
jagged("jagged-lz4-offset-map.root", 404, True)
jagged("jagged-lzma.root", 207, False)
chunks()
jagged("jagged-uncompressed.root", 0, False)
ranges()
ROOT.writeNested(str(folder / "nested.root"))
ROOT.writeMembers(str(folder / "members.root"))
