// SPDX-License-Identifier: Apache-2.0
// Writes random ROOT files, and prints what a reader has to find in each; see scripts/root-random.py.
//
//     files SEED FIRST COUNT FOLDER

#include "branches.h"

#include <TFile.h>
#include <TFileMerger.h>
#include <ROOT/TIOFeatures.hxx>
#include <TNtuple.h>
#include <TNtupleD.h>
#include <TParameter.h>
#include <TROOT.h>
#include <TSystem.h>
#include <TH1F.h>

#include <algorithm>
#include <iostream>
#include <sstream>

using Branches = std::vector<std::unique_ptr<AnyBranch>>;

static std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

static std::string json(const Columns& columns, long entries) {
  std::ostringstream out;
  bool isFirst = true;
  for (auto& [path, column] : columns) {
    char hash[20];
    snprintf(hash, 20, "%016lx", column.hash);
    std::string levels;
    for (auto level : column.levels) {
      char digits[20];
      snprintf(digits, 20, "%016lx", level);
      levels += (levels.empty() ? "" : "/") + std::string(digits);
    }
    out << (isFirst ? "" : ",") << quoted(path) << ":{\"type\":\"" << column.type << "\",\"values\":" << column.count
        << ",\"digest\":\"" << hash << "\",\"counts\":\"" << (levels.empty() ? "-" : levels) << "\",\"entries\":" << entries << "}";
    isFirst = false;
  }
  return out.str();
}

/// Trees by name, as JSON.
struct Expected {
  std::string text;
  std::vector<std::string> notes;
  void add(const std::string& tree, long entries, const std::vector<std::string>& columns) {
    std::string all;
    for (auto& part : columns) if (!part.empty()) all += (all.empty() ? "" : ",") + part;
    text += (text.empty() ? "" : ",") + quoted(tree) + ":{\"entries\":" + std::to_string(entries) + ",\"columns\":{" + all + "}}";
  }
  void add(const std::string& tree, long entries, const Branches& branches) {
    std::vector<std::string> columns;
    for (auto& branch : branches) columns.push_back(json(branch->columns, branch->entries));
    add(tree, entries, columns);
  }
  void note(const std::string& what) { notes.push_back(what); }
};

static std::string name(Random& random, int index) {
  static const std::vector<std::string> odd = {"pt.x", "a/b", "with space", "µ", "jet[0]", "a:b", "a,b", "x(y)", "_", "class", "a.b.c", "1st", "n*"};
  std::string base = random.chance(0.1) ? random.one(odd) : random.chance(0.02) ? std::string(300, 'n') : "b";
  return base + std::to_string(index);
}

static int compression(Random& random) {
  if (random.chance(0.2)) return 0;
  return random.one<int>({1, 2, 4, 5}) * 100 + 1 + random.below(9);
}

static long entryCount(Random& random) { return random.one<long>({0, 1, 2, 10, 50, 50, 200, 200, 1000}); }

static Branches chosenBranches(Random& random, const std::vector<BranchMaker>& makers) {
  Branches branches;
  for (int left = 1 + random.below(12); left > 0; --left) {
    auto given = name(random, left);
    int kind = random.below(10);
    if (kind < 2) branches.push_back(std::make_unique<LeafListBranch>(given, random));
    else if (kind == 2) branches.push_back(std::make_unique<SpecialLeafBranch>("s" + std::to_string(left), random));
    else if (kind == 3) branches.push_back(std::make_unique<CountedBranches>("n" + std::to_string(left), random));
    else branches.push_back(random.one(makers)("v" + std::to_string(left) + (random.chance(0.1) ? "." : ""), random));
  }
  return branches;
}

/// Sets options of a tree; not all of them survive that its baskets are copied: ROOT 6.40 damages the
/// first byte of those with an offset map.
static void configure(TTree& tree, Random& random, Expected& expected, bool isCopied = true) {
  if (random.chance(0.3)) tree.SetAutoFlush(random.one<long>({1, 7, 100, -100, -5000, 0}));
  if (random.chance(0.2)) tree.SetAutoSave(random.one<long>({5, -2000, 0}));
  if (random.chance(0.15) && !isCopied) {
    ROOT::TIOFeatures features;
    features.Set(ROOT::Experimental::EIOFeatures::kGenerateOffsetMap);
    tree.SetIOFeatures(features);
    expected.note("offset map");
  }
  if (random.chance(0.1)) tree.SetAlias("alias", "1+1");
  if (random.chance(0.1)) tree.GetUserInfo()->Add(new TParameter<double>("lumi", 1.5));
  if (random.chance(0.1)) tree.SetEntryList(nullptr);
}

static void fill(TTree& tree, Branches& branches, Random& random, long entries, Expected& expected) {
  for (auto& branch : branches) {
    TBranch* made = branch->attach(tree, random);
    if (made && random.chance(0.15)) made->SetCompressionSettings(compression(random));
    if (made && random.chance(0.05)) made->SetEntryOffsetLen(random.one<int>({1, 10, 5000}));
  }
  double flushing = random.chance(0.3) ? 0.05 : 0;
  double saving = random.chance(0.1) ? 0.02 : 0;
  double emptiness = random.one<double>({0.1, 0.3, 0.7, 1.0});
  for (long entry = 0; entry < entries; ++entry) {
    random.emptiness = emptiness;
    for (auto& branch : branches) branch->next(random);
    tree.Fill();
    if (random.chance(flushing)) tree.FlushBaskets();
    if (random.chance(saving)) { tree.AutoSave(random.one<const char*>({"", "SaveSelf", "Overwrite"})); expected.note("autosave"); }
    if (random.chance(flushing)) tree.OptimizeBaskets(100000, 1, "");
  }
}

static void plainTrees(const std::string& path, Random& random, Expected& expected) {
  TFile file(path.c_str(), "RECREATE", "", compression(random));
  auto makers = branchMakers();
  int count = random.one<int>({1, 1, 1, 2, 3});
  for (int index = 0; index < count; ++index) {
    std::string folder = random.one<std::string>({"", "", "dir", "dir/inner", "a b/ä"});
    TDirectory* directory = folder.empty() ? &file : file.mkdir(folder.c_str(), "", true);
    if (!directory) directory = file.GetDirectory(folder.c_str());
    directory->cd();
    std::string treeName = "tree" + std::to_string(index);
    auto branches = chosenBranches(random, makers);
    auto entries = entryCount(random);
    auto tree = new TTree(treeName.c_str(), "a title", 99, directory);
    configure(*tree, random, expected, false);
    fill(*tree, branches, random, entries, expected);
    if (random.chance(0.1)) tree->Write("", TObject::kOverwrite);
    else if (random.chance(0.1)) { tree->AutoSave(); expected.note("autosave at the end"); }
    else tree->Write();
    if (random.chance(0.05)) tree->Write();
    expected.add((folder.empty() ? "" : folder + "/") + treeName, entries, branches);
    delete tree;
    if (random.chance(0.1)) { TH1F histogram("h", "h", 10, 0, 1); histogram.Write(); }
  }
  file.Close();
}

/// Files merged from several.
///
/// Fast: slowly, the elements of unordered sets change their order.
static void merged(const std::string& path, Random& random, Expected& expected) {
  auto makers = branchMakers();
  auto branches = chosenBranches(random, makers);
  int parts = 2 + random.below(3);
  long total = 0;
  std::vector<std::string> paths;
  for (int part = 0; part < parts; ++part) {
    auto partPath = path + ".part" + std::to_string(part);
    paths.push_back(partPath);
    TFile file(partPath.c_str(), "RECREATE", "", compression(random));
    auto tree = new TTree("tree", "a part");
    configure(*tree, random, expected);
    auto entries = entryCount(random);
    fill(*tree, branches, random, entries, expected);
    tree->Write("", TObject::kOverwrite);
    total += entries;
    file.Close();
  }
  TFileMerger merger(false);
  merger.SetFastMethod(true);
  merger.SetPrintLevel(0);
  merger.OutputFile(path.c_str(), "RECREATE", compression(random));
  for (auto& part : paths) merger.AddFile(part.c_str(), false);
  if (!merger.Merge()) expected.note("merging failed");
  for (auto& part : paths) gSystem->Unlink(part.c_str());
  expected.add("tree", total, branches);
}

/// A copy of a tree with some of its branches, or with other baskets.
static void cloned(const std::string& path, Random& random, Expected& expected) {
  auto makers = branchMakers();
  auto branches = chosenBranches(random, makers);
  auto source = path + ".part";
  auto entries = entryCount(random);
  {
    TFile file(source.c_str(), "RECREATE", "", compression(random));
    auto tree = new TTree("tree", "the source");
    configure(*tree, random, expected);
    fill(*tree, branches, random, entries, expected);
    tree->Write("", TObject::kOverwrite);
    file.Close();
  }
  TFile input(source.c_str());
  auto tree = input.Get<TTree>("tree");
  std::vector<std::string> kept;
  bool isPartial = random.chance(0.4);
  TFile output(path.c_str(), "RECREATE", "", compression(random));
  if (isPartial) {
    expected.note("some branches");
    // The last ones are left out, whatever they are.
    size_t count = 1 + random.below(int(branches.size()));
    for (size_t index = count; index < branches.size(); ++index)
      for (auto& name : branches[index]->names()) {
        if (auto branch = tree->GetBranch(name.c_str())) {
          branch->SetStatus(false);
          branch->SetBit(::kDoNotProcess);
          std::function<void(TBranch*)> off = [&](TBranch* parent) {
            parent->SetBit(::kDoNotProcess);
            for (auto child : *parent->GetListOfBranches()) off(static_cast<TBranch*>(child));
          };
          off(branch);
        }
      }
    branches.resize(count);
  }
  const char* option = random.one<const char*>({"fast", "fast SortBasketsByEntry", "fast SortBasketsByBranch", ""});
  auto clone = tree->CloneTree(-1, option);
  if (!clone) { expected.note("cloning failed"); return; }
  clone->Write();
  output.Close();
  gSystem->Unlink(source.c_str());
  expected.add("tree", entries, branches);
}

/// Branches that are added when a tree has entries, and by BackFill.
static void late(const std::string& path, Random& random, Expected& expected) {
  TFile file(path.c_str(), "RECREATE", "", compression(random));
  auto makers = branchMakers();
  auto branches = chosenBranches(random, makers);
  auto entries = entryCount(random);
  auto tree = new TTree("tree", "with late branches");
  fill(*tree, branches, random, entries, expected);
  LeafListBranch added("late", random);
  TBranch* branch = added.attach(*tree, random);
  for (long entry = 0; entry < entries; ++entry) { added.next(random); branch->BackFill(); }
  tree->Write();
  std::vector<std::string> columns = {json(added.columns, entries)};
  for (auto& one : branches) columns.push_back(json(one->columns, entries));
  expected.add("tree", entries, columns);
  file.Close();
}

static void ntuples(const std::string& path, Random& random, Expected& expected) {
  TFile file(path.c_str(), "RECREATE", "", compression(random));
  auto entries = entryCount(random);
  Columns floats, doubles;
  for (auto name : {"x", "y", "z"}) { floats[name].type = "f4"; doubles[name].type = "f8"; }
  auto single = new TNtuple("single", "", "x:y:z", basketSize(random));
  auto twice = new TNtupleD("double", "", "x:y:z", basketSize(random));
  for (long entry = 0; entry < entries; ++entry) {
    float f[3];
    double d[3];
    int index = 0;
    for (auto name : {"x", "y", "z"}) {
      f[index] = Values<float>::make(random);
      d[index] = Values<double>::make(random);
      floats[name].value(word(f[index]));
      doubles[name].value(word(d[index++]));
    }
    single->Fill(f);
    twice->Fill(d);
  }
  single->Write();
  twice->Write();
  expected.add("single", entries, {json(floats, entries)});
  expected.add("double", entries, {json(doubles, entries)});
  file.Close();
}

static void rntuple(const std::string& path, Random& random, Expected& expected) {
  TFile file(path.c_str(), "RECREATE");
  auto makers = fieldMakers();
  int count = random.one<int>({1, 1, 2});
  for (int index = 0; index < count; ++index) {
    TDirectory* directory = &file;
    std::string folder = random.one<std::string>({"", "", "dir"});
    if (!folder.empty()) { directory = file.GetDirectory(folder.c_str()); if (!directory) directory = file.mkdir(folder.c_str()); }
    auto model = ROOT::RNTupleModel::Create();
    std::vector<std::unique_ptr<AnyField>> fields;
    for (int left = 1 + random.below(12); left > 0; --left) {
      fields.push_back(random.one(makers)("v" + std::to_string(left)));
      fields.back()->add(*model);
    }
    ROOT::RNTupleWriteOptions options;
    options.SetCompression(compression(random));
    if (random.chance(0.3)) options.SetApproxZippedClusterSize(random.one<int>({1000, 10000}));
    if (random.chance(0.4)) {
      options.SetInitialUnzippedPageSize(16);
      options.SetMaxUnzippedPageSize(random.one<int>({64, 256, 4096}));
      options.SetPageBufferBudget(1 << 26);
    }
    if (random.chance(0.2)) options.SetEnablePageChecksums(false);
    if (random.chance(0.2)) options.SetUseBufferedWrite(false);
    auto entries = entryCount(random);
    auto ntupleName = "ntuple" + std::to_string(index);
    {
      auto writer = ROOT::RNTupleWriter::Append(std::move(model), ntupleName, *directory, options);
      double committing = random.chance(0.4) ? 0.05 : 0;
      random.emptiness = random.one<double>({0.1, 0.3, 0.7, 1.0});
      for (long entry = 0; entry < entries; ++entry) {
        for (auto& field : fields) field->next(random);
        writer->Fill();
        if (random.chance(committing)) writer->CommitCluster();
      }
    }
    std::vector<std::string> columns;
    for (auto& field : fields) columns.push_back(json(field->columns, entries));
    expected.add((folder.empty() ? "" : folder + "/") + ntupleName, entries, columns);
  }
  file.Close();
}

/// RNTuples of several files, put together by ROOT.
static void mergedRNTuple(const std::string& path, Random& random, Expected& expected) {
  auto makers = fieldMakers();
  std::vector<std::unique_ptr<AnyField>> fields;
  for (int left = 1 + random.below(8); left > 0; --left) fields.push_back(random.one(makers)("v" + std::to_string(left)));
  std::vector<std::string> paths;
  long total = 0;
  for (int part = 2 + random.below(2); part > 0; --part) {
    auto model = ROOT::RNTupleModel::Create();
    for (auto& field : fields) field->add(*model);
    ROOT::RNTupleWriteOptions options;
    options.SetCompression(compression(random));
    paths.push_back(path + ".part" + std::to_string(part));
    auto entries = entryCount(random);
    auto writer = ROOT::RNTupleWriter::Recreate(std::move(model), "ntuple", paths.back(), options);
    for (long entry = 0; entry < entries; ++entry) {
      for (auto& field : fields) field->next(random);
      writer->Fill();
    }
    total += entries;
  }
  TFileMerger merger(false);
  merger.SetPrintLevel(0);
  merger.OutputFile(path.c_str(), "RECREATE", compression(random));
  for (auto& part : paths) merger.AddFile(part.c_str(), false);
  if (!merger.Merge()) expected.note("merging failed");
  for (auto& part : paths) gSystem->Unlink(part.c_str());
  std::vector<std::string> columns;
  for (auto& field : fields) columns.push_back(json(field->columns, total));
  expected.add("ntuple", total, columns);
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  uint64_t seed = atoll(argv[1]);
  int first = atoi(argv[2]), count = atoi(argv[3]);
  using Maker = void (*)(const std::string&, Random&, Expected&);
  const std::vector<std::pair<const char*, Maker>> makers = {
    {"trees", plainTrees}, {"trees", plainTrees}, {"trees", plainTrees}, {"trees", plainTrees}, {"merged", merged},
    {"cloned", cloned}, {"late", late}, {"ntuples", ntuples}, {"rntuple", rntuple}, {"rntuple", rntuple}, {"merged-rntuple", mergedRNTuple}};
  for (int index = first; index < first + count; ++index) {
    Random random(seed * 1000003 + index);
    auto& maker = makers[index % makers.size()];
    auto path = std::string(argv[4]) + "/" + std::to_string(seed) + "-" + std::to_string(index) + "-" + maker.first + ".root";
    Expected expected;
    maker.second(path, random, expected);
    std::string notes;
    for (auto& note : expected.notes) notes += (notes.empty() ? "" : ", ") + note;
    std::cout << "{\"file\":" << quoted(path) << ",\"notes\":" << quoted(notes) << ",\"trees\":{" << expected.text << "}}" << std::endl;
  }
  return 0;
}
