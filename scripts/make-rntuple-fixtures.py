# SPDX-License-Identifier: Apache-2.0
"""Makes the small RNTuples of the ROOTIO tests.

    .venv-root/bin/python scripts/make-rntuple-fixtures.py Tests/ROOTIOTests/Fixtures
    .venv-uproot/bin/python scripts/root-reference.py Tests/ROOTIOTests/Fixtures \
        > Tests/ROOTIOTests/Fixtures/reference-fixtures.txt

The environments are those of `make-root-fixtures.py` and `root-reference.py`. The values are
formulas, not random.
"""

import pathlib
import sys

import ROOT

folder = pathlib.Path(sys.argv[1])

ROOT.gInterpreter.Declare("""
#include <ROOT/RNTupleModel.hxx>
#include <ROOT/RNTupleWriter.hxx>
#include <ROOT/RNTupleWriteOptions.hxx>
#include <bitset>
#include <optional>
#include <variant>

enum FixtureColor { kFixtureRed, kFixtureGreen = 7, kFixtureBlue = -2 };
struct FixtureBase { float mass = 0; };
struct FixtureMuon : public FixtureBase {
  float pt = 0;
  std::int32_t charge = 0;
  std::array<float, 2> isolation{};
};
""")

ROOT.gInterpreter.Declare("""
using ROOT::ENTupleColumnType;

ROOT::RNTupleWriteOptions fixtureOptions(int compression, int pageBytes) {
  ROOT::RNTupleWriteOptions options;
  options.SetCompression(compression);
  options.SetInitialUnzippedPageSize(64);
  options.SetMaxUnzippedPageSize(pageBytes);
  options.SetEnableSamePageMerging(false);
  return options;
}

/// All types of fields, in three clusters of two groups, in pages of a few entries.
void writeTypes(const char *path, int compression, bool narrowIndices, int maxKeySize,
                bool checksums) {
  auto model = ROOT::RNTupleModel::Create();
  model->MakeField<bool>("boolean", "a Boolean");
  model->MakeField<char>("character");
  model->MakeField<std::byte>("byte");
  model->MakeField<std::int8_t>("int8");
  model->MakeField<std::uint8_t>("uint8");
  model->MakeField<std::int16_t>("int16");
  model->MakeField<std::uint16_t>("uint16");
  model->MakeField<std::int32_t>("int32");
  model->MakeField<std::uint32_t>("uint32");
  model->MakeField<std::int64_t>("int64");
  model->MakeField<std::uint64_t>("uint64");
  model->MakeField<float>("real32");
  model->MakeField<double>("real64");
  auto half = std::make_unique<ROOT::RField<float>>("half");
  half->SetHalfPrecision();
  model->AddField(std::move(half));
  auto doubleHalf = std::make_unique<ROOT::RField<double>>("doubleHalf");
  doubleHalf->SetHalfPrecision();
  model->AddField(std::move(doubleHalf));
  auto narrow = std::make_unique<ROOT::RField<double>>("narrow");
  narrow->SetDouble32();
  model->AddField(std::move(narrow));
  for (auto bits : {10, 17, 31}) {
    auto truncated = std::make_unique<ROOT::RField<float>>("truncated" + std::to_string(bits));
    truncated->SetTruncated(bits);
    model->AddField(std::move(truncated));
  }
  for (auto bits : {1, 7, 20, 32}) {
    auto quantized = std::make_unique<ROOT::RField<double>>("quantized" + std::to_string(bits));
    quantized->SetQuantized(bits, {-2.0, 8.0});
    model->AddField(std::move(quantized));
  }
  auto quantizedFloat = std::make_unique<ROOT::RField<float>>("quantizedFloat");
  quantizedFloat->SetQuantized(12, {0.f, 100.f});
  model->AddField(std::move(quantizedFloat));
  model->MakeField<FixtureColor>("color");
  model->MakeField<std::atomic<std::int16_t>>("atomic");
  model->MakeField<std::string>("text");
  model->MakeField<std::array<float, 3>>("array");
  model->MakeField<std::array<std::array<std::int32_t, 2>, 3>>("matrix");
  model->MakeField<std::bitset<12>>("bits");
  model->MakeField<std::array<std::string, 2>>("arrayText");
  if (narrowIndices) {
    auto vector = ROOT::RFieldBase::Create("vector", "std::vector<float>").Unwrap();
    vector->SetColumnRepresentatives(
      {{compression ? ENTupleColumnType::kSplitIndex32 : ENTupleColumnType::kIndex32}});
    model->AddField(std::move(vector));
  } else {
    model->MakeField<std::vector<float>>("vector");
  }
  model->MakeField<ROOT::RVec<std::uint16_t>>("rvec");
  model->MakeField<std::vector<bool>>("vectorBool");
  model->MakeField<std::vector<std::string>>("vectorText");
  model->MakeField<std::vector<std::array<std::int16_t, 2>>>("vectorArray");
  model->MakeField<std::optional<float>>("optional");
  model->MakeField<std::vector<std::pair<std::int32_t, float>>>("pairs");
  model->MakeField<std::pair<std::int32_t, std::string>>("pair");
  model->MakeField<FixtureMuon>("muon");
  model->MakeField<std::vector<FixtureMuon>>("muons");
  model->MakeField<std::variant<std::int32_t, float>>("variant");
  model->MakeField<std::vector<std::vector<std::int32_t>>>("nested");
  model->MakeField<std::array<std::vector<float>, 2>>("arrayVector");
  model->MakeField<std::vector<std::optional<float>>>("vectorOptional");

  model->AddProjectedField(
    std::make_unique<ROOT::RField<ROOT::RNTupleCardinality<std::uint32_t>>>("nMuons"),
    [](const std::string &) { return "muons"; });
  auto muonPt = ROOT::RFieldBase::Create("muons_pt", "ROOT::RVec<float>").Unwrap();
  model->AddProjectedField(std::move(muonPt), [](const std::string &name) {
    return name == "muons_pt" ? "muons" : "muons._0.pt";
  });
  auto same = ROOT::RFieldBase::Create("sameInt32", "std::int32_t").Unwrap();
  model->AddProjectedField(std::move(same), [](const std::string &) { return "int32"; });

  auto options = fixtureOptions(compression, 128);
  options.SetEnablePageChecksums(checksums);
  if (maxKeySize > 0)
    ROOT::Internal::RNTupleWriteOptionsManip::SetMaxKeySize(options, maxKeySize);
  auto writer = ROOT::RNTupleWriter::Recreate(std::move(model), "types", path, options);
  auto entry = writer->GetModel().CreateEntry();
  for (int i = 0; i < 30; ++i) {
    *entry->GetPtr<bool>("boolean") = i % 3 == 0;
    *entry->GetPtr<char>("character") = 'a' + i;
    *entry->GetPtr<std::byte>("byte") = std::byte(i * 5);
    *entry->GetPtr<std::int8_t>("int8") = 5 * (i - 25);
    *entry->GetPtr<std::uint8_t>("uint8") = 5 * i;
    *entry->GetPtr<std::int16_t>("int16") = 1300 * (i - 25);
    *entry->GetPtr<std::uint16_t>("uint16") = 1300 * i;
    *entry->GetPtr<std::int32_t>("int32") = 85000000 * (i - 25);
    *entry->GetPtr<std::uint32_t>("uint32") = 85000000u * i;
    *entry->GetPtr<std::int64_t>("int64") = 360000000000000000ll * (i - 25);
    *entry->GetPtr<std::uint64_t>("uint64") = 360000000000000000ull * i;
    *entry->GetPtr<float>("real32") = (i - 20) / 7.f;
    *entry->GetPtr<double>("real64") = (i - 20) / 7.;
    float halves[] = {0, -0.f, 1, -2.5f, 65504, 6e-8f, 1e-5f, 1.f / 3, INFINITY, -INFINITY};
    *entry->GetPtr<float>("half") = halves[i % 10];
    *entry->GetPtr<double>("doubleHalf") = i / 8.;
    *entry->GetPtr<double>("narrow") = i * 0.7;
    for (auto bits : {10, 17, 31})
      *entry->GetPtr<float>("truncated" + std::to_string(bits)) = (i - 25) * 1.3f;
    for (auto bits : {1, 7, 20, 32})
      *entry->GetPtr<double>("quantized" + std::to_string(bits)) = -2 + i * 0.2;
    *entry->GetPtr<float>("quantizedFloat") = i * 2;
    FixtureColor colors[] = {kFixtureRed, kFixtureGreen, kFixtureBlue};
    *entry->GetPtr<FixtureColor>("color") = colors[i % 3];
    *entry->GetPtr<std::atomic<std::int16_t>>("atomic") = i - 10;
    *entry->GetPtr<std::string>("text") = std::string(i % 7 * 3, 'a' + i % 26);
    *entry->GetPtr<std::array<float, 3>>("array") = {float(i), i + 0.25f, i + 0.5f};
    *entry->GetPtr<std::array<std::array<std::int32_t, 2>, 3>>("matrix") =
      {{{i, i + 1}, {i + 2, i + 3}, {i + 4, -i}}};
    *entry->GetPtr<std::bitset<12>>("bits") = std::bitset<12>(i * 77);
    *entry->GetPtr<std::array<std::string, 2>>("arrayText") =
      {std::string(i % 3, 'x'), std::string(i % 4, 'y')};
    auto count = i * 7 % 5;
    auto &vector = *entry->GetPtr<std::vector<float>>("vector");
    auto &rvec = *entry->GetPtr<ROOT::RVec<std::uint16_t>>("rvec");
    auto &vectorBool = *entry->GetPtr<std::vector<bool>>("vectorBool");
    auto &vectorText = *entry->GetPtr<std::vector<std::string>>("vectorText");
    auto &vectorArray =
      *entry->GetPtr<std::vector<std::array<std::int16_t, 2>>>("vectorArray");
    auto &pairs = *entry->GetPtr<std::vector<std::pair<std::int32_t, float>>>("pairs");
    auto &muons = *entry->GetPtr<std::vector<FixtureMuon>>("muons");
    auto &nested = *entry->GetPtr<std::vector<std::vector<std::int32_t>>>("nested");
    auto &arrayVector = *entry->GetPtr<std::array<std::vector<float>, 2>>("arrayVector");
    auto &vectorOptional = *entry->GetPtr<std::vector<std::optional<float>>>("vectorOptional");
    vector.clear(); rvec.clear(); vectorBool.clear(); vectorText.clear(); vectorArray.clear();
    pairs.clear(); muons.clear(); nested.clear(); vectorOptional.clear();
    arrayVector[0] = {1, 2}; arrayVector[1] = {3};
    for (int k = 0; k < count; ++k) {
      vector.push_back(i + k / 16.f);
      vectorBool.push_back((i + k) % 2);
      vectorText.push_back(std::string((i + k) % 5, 'a' + k));
      vectorArray.push_back({std::int16_t(i), std::int16_t(-k)});
      pairs.push_back({k * 10, i + k / 2.f});
      FixtureMuon muon;
      muon.mass = 0.105f; muon.pt = i * 1.5f - k; muon.charge = k % 2 ? 1 : -1;
      muon.isolation = {i / 3.f, k / 3.f};
      muons.push_back(muon);
      nested.push_back(std::vector<std::int32_t>(k, i));
      vectorOptional.push_back(k % 2 ? std::optional<float>(k) : std::nullopt);
    }
    for (int k = 0; k < i % 4; ++k) rvec.push_back(i * 100 + k);
    *entry->GetPtr<std::optional<float>>("optional") =
      i % 3 ? std::optional<float>(i * 0.5f) : std::nullopt;
    *entry->GetPtr<std::pair<std::int32_t, std::string>>("pair") = {i, std::string(i % 2, 'p')};
    auto &muon = *entry->GetPtr<FixtureMuon>("muon");
    muon.mass = i; muon.pt = -i; muon.charge = i % 2; muon.isolation = {i + 0.5f, i + 0.75f};
    if (i % 2) *entry->GetPtr<std::variant<std::int32_t, float>>("variant") = i;
    else *entry->GetPtr<std::variant<std::int32_t, float>>("variant") = i * 0.5f;
    writer->Fill(*entry);
    if (i == 11) writer->CommitCluster(true);
    if (i == 12) writer->CommitCluster();
  }
}

/// Fields that are added when entries are there already, so that their columns start late.
void writeExtended(const char *path) {
  auto model = ROOT::RNTupleModel::Create();
  auto first = model->MakeField<std::int32_t>("first");
  auto writer = ROOT::RNTupleWriter::Recreate(
    std::move(model), "extended", path, fixtureOptions(505, 64));
  auto fill = [&](int from, int to) {
    for (int i = from; i < to; ++i) { *first = i; writer->Fill(); }
  };
  fill(0, 10);
  writer->CommitCluster(true);
  fill(10, 14);
  // Within a cluster.
  auto updater = writer->CreateModelUpdater();
  updater->BeginUpdate();
  auto number = updater->MakeField<double>("number");
  auto text = updater->MakeField<std::string>("text");
  auto array = updater->MakeField<std::array<float, 2>>("array");
  auto vector = updater->MakeField<std::vector<std::int16_t>>("vector");
  auto flag = updater->MakeField<bool>("flag");
  updater->CommitUpdate();
  for (int i = 14; i < 40; ++i) {
    *first = i; *number = i / 3.; *text = std::string(i % 4, 't'); *array = {i + 0.5f, -float(i)};
    vector->assign(i % 3, i); *flag = i % 2;
    writer->Fill();
    if (i == 19) writer->CommitCluster();
  }
}

/// A field whose clusters store it in one way or another.
void writeRepresentations(const char *path) {
  auto model = ROOT::RNTupleModel::Create();
  auto number = ROOT::RFieldBase::Create("number", "float").Unwrap();
  number->SetColumnRepresentatives(
    {{ENTupleColumnType::kReal32}, {ENTupleColumnType::kReal16}});
  model->AddField(std::move(number));
  auto wide = ROOT::RFieldBase::Create("wide", "double").Unwrap();
  wide->SetColumnRepresentatives(
    {{ENTupleColumnType::kSplitReal32}, {ENTupleColumnType::kReal64}});
  model->AddField(std::move(wide));
  auto text = ROOT::RFieldBase::Create("text", "std::string").Unwrap();
  text->SetColumnRepresentatives(
    {{ENTupleColumnType::kIndex32, ENTupleColumnType::kChar},
     {ENTupleColumnType::kSplitIndex64, ENTupleColumnType::kChar}});
  model->AddField(std::move(text));
  auto vector = ROOT::RFieldBase::Create("vector", "std::vector<float>").Unwrap();
  vector->SetColumnRepresentatives(
    {{ENTupleColumnType::kIndex32}, {ENTupleColumnType::kSplitIndex64}});
  model->AddField(std::move(vector));
  auto writer = ROOT::RNTupleWriter::Recreate(
    std::move(model), "representations", path, fixtureOptions(505, 64));
  auto entry = writer->GetModel().CreateEntry();
  for (int i = 0; i < 30; ++i) {
    *entry->GetPtr<float>("number") = i / 4.f;
    *entry->GetPtr<double>("wide") = i / 8.;
    *entry->GetPtr<std::string>("text") = std::string(i % 5, 'a' + i % 26);
    entry->GetPtr<std::vector<float>>("vector")->assign(i % 3, i);
    writer->Fill(*entry);
    if (i % 10 == 9) {
      writer->CommitCluster();
      for (auto name : {"number", "wide", "text", "vector"})
        ROOT::Internal::RFieldRepresentationModifier::SetPrimaryColumnRepresentation(
          const_cast<ROOT::RFieldBase &>(writer->GetModel().GetConstField(name)), i < 15);
    }
  }
}
""")

ROOT.writeTypes(str(folder / "rntuple-types.root"), 505, False, 0, True)
ROOT.writeTypes(str(folder / "rntuple-plain.root"), 0, True, 0, False)
ROOT.writeTypes(str(folder / "rntuple-pieces.root"), 404, True, 200, True)
ROOT.writeExtended(str(folder / "rntuple-extended.root"))
ROOT.writeRepresentations(str(folder / "rntuple-representations.root"))
