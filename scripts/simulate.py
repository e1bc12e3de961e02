#!/usr/bin/env python3
"""Make the simulated collision samples of Lorentz, or a sample of one process.

Hard process, parton shower, multiparton interactions and hadronization come from
Pythia 8 at leading order; jets from FastJet (anti-kT, R = 0.4). The detector is a
table of acceptances, efficiencies, resolutions and misidentification probabilities
of the size that CMS publishes for 13 TeV. It is not a simulation of CMS: no
material, no magnetic field, no overlaid pile-up collisions. Pile-up enters only as
extra fluctuations of the isolation and of the missing transverse momentum.

Sources of the numbers in the detector tables (values, rounded):
  electrons, photons   CMS, JINST 16 (2021) P05014, arXiv:2012.06888
  muons                CMS, JINST 13 (2018) P06015, arXiv:1804.04528
  hadronic taus        CMS, JINST 17 (2022) P07023, arXiv:2201.08458
  jets                 CMS, JINST 12 (2017) P02014, arXiv:1607.03663
  b tagging            CMS, JINST 13 (2018) P05011, arXiv:1712.07158;
                       E. Bols et al., JINST 15 (2020) P12012, arXiv:2008.10519
  missing momentum     CMS, JINST 14 (2019) P07004, arXiv:1903.06078
  2HDM benchmark       P. Baldi et al., Nature Commun. 5 (2014) 4308, arXiv:1402.4735;
                       T. Kishimoto et al., arXiv:2312.06909
"""

import argparse
import os
import pickle
import signal
import sys
import tempfile
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

try:
    import awkward as ak
    import fastjet
    import numpy as np
    import pythia8mc
    import uproot
    import cramjam  # noqa: F401  (uproot needs it to compress with ZSTD)
    import vector  # noqa: F401  (fastjet and Pythia name their arrays with it)
except ImportError as error:
    sys.exit(
        f"simulate.py: cannot import the Python package '{error.name}' ({error}).\n"
        "Install the pinned packages, best in a virtual environment:\n"
        "  python3 -m venv simulation-venv\n"
        "  simulation-venv/bin/pip install --only-binary :all: "
        "-r scripts/simulate-requirements.txt\n"
        "and run this script with simulation-venv/bin/python."
    )


# --------------------------------------------------------------------------------------
# Processes. To add one, add an entry here; nothing else has to change.
# --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Process:
    """One hard process: what Pythia is told, and which events are dropped early.

    Dropping is done as soon as the outcome is known, because showering and
    hadronizing an event that the selection would reject anyway is most of the cost.
    """

    title: str
    # Pythia settings, in order.
    settings: tuple
    # Keep only events with an e or mu (pT > 15 GeV) or tau (pT > 33 GeV), |eta| < 2.8,
    # from the decays of the hard process. A tau below 33 GeV hardly ever gives a
    # lepton above the 26 GeV of the selection. With 'partons', an e or mu is also
    # required to have pT > 22 GeV (tau: 33 GeV), |eta| < 2.5 once the boson recoiled.
    prompt_lepton: bool = True
    # Keep only events with this many partons (pT > 20 GeV, |eta| < 2.8) once the
    # evolution of the event has come down to 20 GeV. 0: no such requirement. Use it
    # only where no jet comes from a decay: decay products are showered later.
    partons: int = 0
    # Keep only events with this many b quarks (pT > 20 GeV, |eta| < 2.8) that do not
    # come from a decay, once the evolution has come down to 5 GeV, where two b quarks of
    # one gluon are about to become one jet. 0: no such requirement.
    bottoms: int = 0
    # Keep only events whose neutrinos from the decays of the hard process have together at
    # least this pT, in GeV. Neutrinos of tau decays come later and are not counted.
    neutrinos: float = 0.0
    # Masses in GeV of a gluino and of the neutralino that it decays to, with two light
    # quarks: a supersymmetric model that has nothing else within reach. Empty: no such model.
    supersymmetry: tuple = ()
    # More than 0: exactly one jet per event is misidentified as an electron or muon,
    # and an event is kept with this factor times the sum of its jets'
    # misidentification probabilities (at most 1). The shape is that of the true,
    # far rarer, fakes; only the rate is raised.
    fake_lepton_boost: float = 0.0
    # Name of the selection (see SELECTIONS).
    selection: str = "single lepton"


def two_higgs_doublet(heavy, charged):
    """gg -> H0 -> W-+ H+- -> W-+ W+- h0 -> W-+ W+- b bbar for the given masses in GeV."""
    return (
        "Higgs:useBSM = on",
        "HiggsBSM:gg2H2 = on",
        "25:m0 = 125.",
        f"35:m0 = {heavy}.",
        f"37:m0 = {charged}.",
        "HiggsH2:coup2HchgW = 1.",
        "HiggsHchg:coup2H1W = 1.",
        # Without these two, H0 -> W W and Z Z would make the H0 36 GeV wide, and its
        # mass would be shaped by the threshold of the decay that is wanted.
        "HiggsH2:coup2W = 0.",
        "HiggsH2:coup2Z = 0.",
        "35:onMode = off",
        "35:onIfMatch = 24 37",
        "37:onMode = off",
        "37:onIfMatch = 24 25",
        "25:onMode = off",
        "25:onIfMatch = 5 5",
        # The partial widths grow steeply with mass; without a window, one event in
        # twenty would be far above the nominal mass.
        f"35:mMin = {heavy - 50}.",
        f"35:mMax = {heavy + 50}.",
        f"37:mMin = {charged - 50}.",
        f"37:mMax = {charged + 50}.",
    )


PROCESSES = {
    "wjets": Process(
        "W + jets, W -> e, mu, tau",
        (
            "WeakBosonAndParton:qqbar2Wg = on",
            "WeakBosonAndParton:qg2Wq = on",
            "PhaseSpace:pTHatMin = 25.",
            "24:onMode = off",
            "24:onIfAny = 11 13 15",
        ),
        partons=2,
    ),
    "zjets": Process(
        "Z/gamma* + jets, Z/gamma* -> ee, mumu, tautau, m > 40 GeV",
        (
            "WeakBosonAndParton:qqbar2gmZg = on",
            "WeakBosonAndParton:qg2gmZq = on",
            "PhaseSpace:pTHatMin = 25.",
            "23:mMin = 40.",
            "23:onMode = off",
            "23:onIfAny = 11 13 15",
        ),
        partons=2,
    ),
    "ttbar": Process(
        "top pair production",
        ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on"),
    ),
    "singletop": Process(
        "single top, t channel and s channel (Pythia has no t W production)",
        ("Top:qq2tq(t:W) = on", "Top:ffbar2tqbar(s:W) = on"),
    ),
    "diboson": Process(
        "W W, W Z and Z Z, at least one leptonic decay",
        (
            "WeakDoubleBoson:ffbar2WW = on",
            "WeakDoubleBoson:ffbar2ZW = on",
            "WeakDoubleBoson:ffbar2gmZgmZ = on",
            "23:mMin = 40.",
        ),
    ),
    "multijet": Process(
        "QCD jet production with one jet misidentified as a lepton",
        ("HardQCD:all = on", "PhaseSpace:pTHatMin = 40."),
        prompt_lepton=False,
        partons=3,
        # A typical sum of the probabilities of an event is 0.001.
        fake_lepton_boost=500.0,
    ),
    "2hdm_425_325": Process(
        "2HDM g g -> H0(425) -> W-+ H+-(325) -> W-+ W+- h0(125) -> W-+ W+- b bbar",
        two_higgs_doublet(425, 325),
    ),
    # Not shipped: for more target tasks (task_samples).
    "2hdm_500_400": Process(
        "2HDM g g -> H0(500) -> W-+ H+-(400) -> W-+ W+- h0(125) -> W-+ W+- b bbar",
        two_higgs_doublet(500, 400),
    ),
    "tth": Process(
        "t tbar H, H -> b bbar",
        (
            "HiggsSM:gg2Httbar = on",
            "HiggsSM:qqbar2Httbar = on",
            "25:m0 = 125.",
            "25:onMode = off",
            "25:onIfMatch = 5 5",
        ),
    ),
    "ttbb": Process(
        "t tbar with two more b quarks from the shower",
        ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on"),
        bottoms=2,
    ),
    "zprime_1000": Process(
        "Z'(1 TeV) -> t tbar",
        (
            "NewGaugeBoson:ffbar2gmZZprime = on",
            "Zprime:gmZmode = 3",
            "32:m0 = 1000.",
            "32:onMode = off",
            "32:onIfAny = 6",
        ),
    ),
    # Masses so near that jets and missing momentum are not far above those of Z -> nu nu.
    "gluino": Process(
        "gluino pairs, gluino(1200) -> q qbar neutralino(1100)",
        ("SUSY:gg2gluinogluino = on", "SUSY:qqbar2gluinogluino = on"),
        prompt_lepton=False,
        supersymmetry=(1200, 1100),
        selection="missing momentum",
    ),
    "znunu": Process(
        "Z + jets, Z -> nu nu",
        (
            "WeakBosonAndParton:qqbar2gmZg = on",
            "WeakBosonAndParton:qg2gmZq = on",
            "WeakZ0:gmZmode = 2",
            "PhaseSpace:pTHatMin = 100.",
            "23:onMode = off",
            "23:onIfAny = 12 14 16",
        ),
        prompt_lepton=False,
        partons=2,
        selection="missing momentum",
    ),
    # What a search with missing momentum selects besides: leptons that are lost, or hadronic taus.
    "wjets_lost": Process(
        "W + jets, W -> e, mu, tau, without an isolated lepton",
        (
            "WeakBosonAndParton:qqbar2Wg = on",
            "WeakBosonAndParton:qg2Wq = on",
            "PhaseSpace:pTHatMin = 100.",
            "24:onMode = off",
            "24:onIfAny = 11 13 15",
        ),
        prompt_lepton=False,
        partons=2,
        neutrinos=80.0,
        selection="missing momentum",
    ),
    "ttbar_lost": Process(
        "top pair production without an isolated lepton",
        ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on"),
        prompt_lepton=False,
        neutrinos=80.0,
        selection="missing momentum",
    ),
}

COMMON_SETTINGS = (
    "Beams:idA = 2212",
    "Beams:idB = 2212",
    "Beams:eCM = 13000.",
    "Print:quiet = on",
    # Particles that live longer than 10 mm (K0S, Lambda) are left to the detector.
    "ParticleDecays:limitTau0 = on",
    "ParticleDecays:tau0Max = 10.",
    # A failure of one event is repeated by Pythia; do not stop after ten of them.
    "Main:timesAllowErrors = 100000",
)


# --------------------------------------------------------------------------------------
# The samples: those that are shipped, those of more tasks, and a large one without labels.
# --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    file: str
    title: str
    # (process, number of events after the selection)
    mixture: tuple
    seed: int
    codec: str


SAMPLES = (
    Sample(
        "signal_2hdm_425_325.root",
        "Simulated 2HDM gg -> H0(425) -> W H+-(325) -> W W h0(125) -> W W b bbar",
        (("2hdm_425_325", 12000),),
        seed=20232,
        codec="lzma",
    ),
    Sample(
        "background_ttbar.root",
        "Simulated top pair production",
        # Another seed than the unlabeled file, so that no event is in both.
        (("ttbar", 12000),),
        seed=20233,
        codec="zlib",
    ),
    Sample(
        "unlabeled.root",
        "Unlabeled collision-like events: simulation standing in for data",
        # 40, 14, 25, 6, 5 and 10 percent of 60,000 events.
        (
            ("wjets", 24000),
            ("zjets", 8400),
            ("ttbar", 15000),
            ("singletop", 3600),
            ("diboson", 3000),
            ("multijet", 6000),
        ),
        seed=20231,
        codec="zstd",
    ),
)


def task_samples(events):
    """The files of the tasks in Configurations/tasks; the top pairs of two are the shipped ones."""
    files = (
        ("signal_2hdm_500_400.root", "2hdm_500_400", 20241, events),
        ("signal_tth.root", "tth", 20242, events),
        ("background_ttbb.root", "ttbb", 20243, events),
        ("signal_zprime_1000.root", "zprime_1000", 20244, events),
        ("signal_gluino.root", "gluino", 20245, events),
        ("background_znunu.root", "znunu", 20246, events),
        # Without labels: what the gluino task is pre-trained on. Their shares were chosen.
        # Another seed than the background, so that no event is in both.
        ("missing_znunu.root", "znunu", 20247, 3 * events // 2),
        ("missing_wjets.root", "wjets_lost", 20248, events),
        ("missing_ttbar.root", "ttbar_lost", 20249, events // 2),
    )
    return [
        Sample(file, f"Simulated {PROCESSES[name].title}", ((name, count),), seed, "zstd")
        for file, name, seed, count in files
    ]


def large_unlabeled(file, events):
    """The mixture of the shipped unlabeled.root, of other events and any number of them."""
    shipped = SAMPLES[-1]
    total = sum(count for _, count in shipped.mixture)
    names = [name for name, _ in shipped.mixture]
    counts = [events * count // total for _, count in shipped.mixture]
    # What rounding down leaves goes to the first.
    counts[0] += events - sum(counts)
    mixture = tuple((name, count) for name, count in zip(names, counts) if count > 0)
    return Sample(file, shipped.title, mixture, 20251, "zstd")


CODECS = {
    "zlib": lambda: uproot.ZLIB(9),
    "zstd": lambda: uproot.ZSTD(19),
    "lzma": lambda: uproot.LZMA(9),
}

# Events that Pythia hands over in one chunk, and in one array of a chunk. A chunk has
# its own seed, so the result does not depend on the number of parallel jobs. An array
# of 200 top pairs takes about 100 MB.
CHUNK = 1600
BATCH = 200


# --------------------------------------------------------------------------------------
# Detector tables.
# --------------------------------------------------------------------------------------

ELECTRON_ETA = 2.4
MUON_ETA = 2.4
PHOTON_ETA = 2.5
TAU_ETA = 2.3
JET_ETA = 2.5
LEPTON_PT = 10.0
PHOTON_PT = 20.0
TAU_PT = 20.0
JET_PT = 25.0
# A lepton with less relative isolation is 'isolated'; a photon needs it to be kept.
LEPTON_ISOLATION = 0.15
PHOTON_ISOLATION = 0.10
# Beyond this nothing is measured.
CALORIMETER_ETA = 5.0

# DeepJet score at the loose, medium and tight working points (2018 values), and the
# probability of a jet to be above them: b jet, c jet, light-quark or gluon jet.
BTAG_SCORE = np.array([0.0, 0.0490, 0.2783, 0.7100, 1.0])
BTAG_ABOVE = {
    5: np.array([1.0, 0.93, 0.81, 0.64, 0.0]),
    4: np.array([1.0, 0.42, 0.16, 0.028, 0.0]),
    0: np.array([1.0, 0.11, 0.011, 0.0011, 0.0]),
}

# Probability of a jet to give an isolated lepton. Muons come almost only from
# semileptonic decays in b and c jets whose other particles are soft; electrons also
# from conversions and from charged hadrons that overlap with photons. Orders of
# magnitude as in data-driven estimates; tight selections are below, loose ones above.
FAKE_ELECTRON = {5: 6e-4, 4: 4e-4, 0: 2e-4}
FAKE_MUON = {5: 8e-4, 4: 4e-4, 0: 3e-5}
FAKE_PHOTON = 8e-4
FAKE_TAU = 5e-3


def electron_efficiency(pt, eta):
    plateau = np.where(np.abs(eta) < 1.4442, 0.90, 0.80)
    # The transition between barrel and endcap of the calorimeter is not used.
    plateau = np.where((np.abs(eta) > 1.4442) & (np.abs(eta) < 1.566), 0.0, plateau)
    return plateau * (1.0 - 0.45 * np.exp(-(pt - 10.0) / 15.0))


def electron_resolution(pt, eta):
    constant = np.where(np.abs(eta) < 1.4442, 0.012, 0.025)
    return np.hypot(constant, 0.10 / np.sqrt(pt))


def muon_efficiency(pt, eta):
    return np.where(np.abs(eta) < 0.9, 0.965, 0.955) * (
        1.0 - 0.10 * np.exp(-(pt - 10.0) / 8.0)
    )


def muon_resolution(pt, eta):
    return np.hypot(0.009 + 0.004 * eta**2 / 1.44, 1.0e-4 * pt)


def photon_efficiency(pt, eta):
    inside = (np.abs(eta) < 1.4442) | (np.abs(eta) > 1.566)
    return np.where(inside, 0.85 * (1.0 - 0.3 * np.exp(-(pt - 20.0) / 15.0)), 0.0)


def tau_efficiency(pt, mode):
    by_mode = np.select([mode == 0, mode == 1, mode == 2, mode == 10], [0.62, 0.65, 0.55, 0.55], 0.35)
    return by_mode * (1.0 - 0.35 * np.exp(-(pt - 20.0) / 12.0))


def jet_resolution(pt, eta):
    noise = 3.0
    stochastic = 0.85
    constant = np.where(np.abs(eta) < 2.5, 0.04, 0.06)
    return np.sqrt((noise / pt) ** 2 + stochastic**2 / pt + constant**2)


def vertex_count(rng, count):
    """Reconstructed vertices: about 23 on average, as in the 2016 to 2018 data."""
    mean = rng.gamma(9.0, 23.0 / 9.0, count)
    return np.maximum(1, rng.poisson(mean)).astype(np.int32)


def isolation_noise(rng, vertices):
    """Fluctuation in GeV left in an isolation cone after the pile-up correction."""
    return rng.normal(0.0, 0.22 * np.sqrt(vertices))


def missing_momentum_noise(vertices):
    """Resolution in GeV per axis from what is not in jets or leptons (PUPPI-like)."""
    return np.hypot(6.0, 2.0 * np.sqrt(vertices))


# --------------------------------------------------------------------------------------
# Selections: which events are written.
# --------------------------------------------------------------------------------------


def isolated_leptons(objects, pt):
    electron, muon = objects["Electron"], objects["Muon"]
    return ak.to_numpy(
        ak.sum((electron.pt > pt) & (electron.pfRelIso03_all < LEPTON_ISOLATION), axis=1)
        + ak.sum((muon.pt > pt) & (muon.pfRelIso04_all < LEPTON_ISOLATION), axis=1)
    )


def selection_jets(objects):
    jet = objects["Jet"]
    return ak.to_numpy(ak.sum((jet.pt > 30.0) & (abs(jet.eta) < 2.4), axis=1))


SELECTIONS = {
    # Leptons are kept only up to |eta| = 2.4, so no requirement on eta is needed.
    "single lepton": lambda objects: (isolated_leptons(objects, 26.0) >= 1)
    & (selection_jets(objects) >= 2),
    "missing momentum": lambda objects: (objects["MET_pt"] > 150.0)
    & (selection_jets(objects) >= 2)
    & (isolated_leptons(objects, 10.0) == 0),
}


# --------------------------------------------------------------------------------------
# Generator.
# --------------------------------------------------------------------------------------


class EarlyVeto(pythia8mc.UserHooks):
    """Drop events that the selection would reject, before most of the work is done."""

    SCALE = 20.0
    BOTTOM_SCALE = 5.0

    def __init__(self, process):
        super().__init__()
        self.process = process
        self.tried = 0
        self.leptons = []

    def canVetoProcessLevel(self):
        return True

    def doVetoProcessLevel(self, event):
        self.tried += 1
        if self.process.neutrinos > 0 and self.neutrinos(event) < self.process.neutrinos:
            return True
        if not self.process.prompt_lepton:
            return False
        self.leptons = []
        for i in range(5, event.size()):
            particle = event[i]
            kind = particle.idAbs()
            if kind not in (11, 13, 15) or not particle.isFinal() or abs(particle.eta()) > 2.8:
                continue
            if particle.pT() > (33.0 if kind == 15 else 15.0):
                # Copies, because Pythia reuses the event record.
                lepton = pythia8mc.Vec4(particle.p())
                parent = pythia8mc.Vec4(event[particle.mother1()].p())
                self.leptons.append((kind, lepton, parent))
        return not self.leptons

    def canVetoPT(self):
        return self.process.partons > 0 or self.process.bottoms > 0

    def scaleVetoPT(self):
        return self.BOTTOM_SCALE if self.process.bottoms > 0 else self.SCALE

    def doVetoPT(self, position, event):
        if self.process.bottoms > 0:
            # Tops have not decayed yet, so no b quark is theirs.
            return self.bottoms(event) < self.process.bottoms
        found = 0
        boson = None
        for i in range(5, event.size()):
            particle = event[i]
            if not particle.isFinal():
                continue
            if particle.idAbs() in (23, 24):
                boson = particle.p()
            elif particle.colType() != 0 and particle.pT() > self.SCALE and abs(particle.eta()) < 2.8:
                found += 1
        if found < self.process.partons:
            return True
        if not self.process.prompt_lepton or boson is None:
            return False
        # The boson has recoiled against the radiation so far; its decay products join
        # the event only later, so move them along here.
        for kind, lepton, parent in self.leptons:
            moved = pythia8mc.Vec4(lepton)
            motion = pythia8mc.RotBstMatrix()
            motion.bst(parent, boson)
            moved.rotbst(motion)
            if moved.pT() > (33.0 if kind == 15 else 22.0) and abs(moved.eta()) < 2.5:
                return False
        return True

    def neutrinos(self, event):
        together = pythia8mc.Vec4(0.0, 0.0, 0.0, 0.0)
        for i in range(5, event.size()):
            if event[i].idAbs() in (12, 14, 16) and event[i].isFinal():
                together += event[i].p()
        return together.pT()

    def bottoms(self, event):
        particles = (event[i] for i in range(5, event.size()))
        return sum(
            1 for particle in particles
            if particle.isFinal() and particle.idAbs() == 5 and particle.pT() > self.SCALE and abs(particle.eta()) < 2.8
        )


def chunk_seeds(seed, process_name, chunk):
    """A Pythia seed and a detector generator, different for every chunk."""
    tag = list(process_name.encode())
    pythia_seed, detector_seed = np.random.SeedSequence([seed, chunk, *tag]).spawn(2)
    # Pythia takes 1 to 900,000,000.
    number = int(pythia_seed.generate_state(1)[0]) % 900_000_000 + 1
    return number, np.random.default_rng(detector_seed)


def supersymmetry_file(gluino, neutralino):
    """A model in the SUSY Les Houches format in which all but two particles are out of reach."""
    # The neutralino is a bino; mixings of the others do not matter.
    heavy = [
        *(1000000 + i for i in (1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 23, 24, 25, 35, 37)),
        *(2000000 + i for i in (1, 2, 3, 4, 5, 6, 11, 13, 15)),
    ]
    lines = ["BLOCK MODSEL", "  1 0", "BLOCK MASS", "  25 125", f"  1000021 {gluino}", f"  1000022 {neutralino}"]
    lines += [f"  {number} 10000" for number in heavy]
    for block, size in (("NMIX", 4), ("UMIX", 2), ("VMIX", 2), ("STOPMIX", 2), ("SBOTMIX", 2), ("STAUMIX", 2)):
        lines.append(f"BLOCK {block}")
        lines += [f"  {i} {j} {int(i == j)}" for i in range(1, size + 1) for j in range(1, size + 1)]
    lines += ["DECAY 1000022 0", "DECAY 1000021 1"]
    lines += [f"  0.25 3 1000022 {quark} {-quark}" for quark in (1, 2, 3, 4)]
    return "\n".join(lines) + "\n"


def start_pythia(name, seed):
    process = PROCESSES[name]
    if not process.supersymmetry:
        return initialized_pythia(name, seed, process.settings)
    with tempfile.NamedTemporaryFile("w", suffix=".slha") as file:
        file.write(supersymmetry_file(*process.supersymmetry))
        file.flush()
        return initialized_pythia(name, seed, ("SLHA:verbose = 0", f"SLHA:file = {file.name}", *process.settings))


def initialized_pythia(name, seed, settings):
    process = PROCESSES[name]
    # The second argument keeps Pythia from printing its banner.
    pythia = pythia8mc.Pythia("", False)
    hooks = EarlyVeto(process)
    pythia.setUserHooksPtr(hooks)
    for line in (*COMMON_SETTINGS, "Random:setSeed = on", f"Random:seed = {seed}", *settings):
        if not pythia.readString(line):
            raise ValueError(
                f"process '{name}': Pythia does not accept the setting '{line}'. "
                "Compare it with the Pythia 8 manual and correct the entry in PROCESSES."
            )
    if not pythia.init():
        raise RuntimeError(
            f"process '{name}': Pythia could not be initialized with its settings. "
            "Remove 'Print:quiet' from COMMON_SETTINGS to see what it says."
        )
    return pythia, hooks


def make_chunk(name, seed, chunk):
    """Generate, detect and select one chunk; returns arrays and the counts."""
    pythia_seed, rng = chunk_seeds(seed, name, chunk)
    pythia, hooks = start_pythia(name, pythia_seed)
    process = PROCESSES[name]
    parts = []
    generated = 0
    for _ in range(CHUNK // BATCH):
        batch = pythia.nextBatch(BATCH)
        if len(batch) != BATCH:
            raise RuntimeError(
                f"process '{name}', chunk {chunk}: Pythia made {len(batch)} events where "
                f"{BATCH} were asked for. Its early veto may reject nearly everything."
            )
        generated += BATCH
        objects = detect(batch.prt, rng, process)
        mask = SELECTIONS[process.selection](objects)
        if process.fake_lepton_boost > 0:
            mask = mask & objects["accepted"]
        del objects["accepted"]
        parts.append({key: value[mask] for key, value in objects.items()})
    joined = {key: ak.concatenate([part[key] for part in parts]) for key in parts[0]}
    return joined, hooks.tried, generated


def make_stored_chunk(folder, name, seed, chunk):
    """A chunk that an earlier run has left in the folder, or a new one, which is left there."""
    path = folder / f"{name}-{seed}-{chunk}.pickle"
    if path.exists():
        return pickle.loads(path.read_bytes())
    result = make_chunk(name, seed, chunk)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(pickle.dumps(result))
    os.replace(unfinished, path)
    return result


# --------------------------------------------------------------------------------------
# Detector.
# --------------------------------------------------------------------------------------

CHARGED_HADRONS = (211, 321, 2212, 3112, 3222, 3312, 3334)


def jagged(counts, **fields):
    return ak.unflatten(ak.zip(fields, depth_limit=1), counts)


def wrap(angle):
    return (angle + np.pi) % (2.0 * np.pi) - np.pi


def is_one_of(values, choices):
    return np.isin(values, choices)


def has_quark(ids, quark):
    """Hadrons (not quarks or diquarks) that contain the quark, from the PDG number."""
    ids = np.abs(ids) % 10000
    return (ids > 100) & ((ids // 100 % 10 == quark) | (ids // 1000 % 10 == quark)) & (ids // 10 % 10 != 0)


def nearest(a, b):
    """Distance in (eta, phi) of each a to the nearest b of the same event."""
    pair = ak.cartesian({"a": a, "b": b}, nested=True)
    distance = np.hypot(pair.a.eta - pair.b.eta, wrap(pair.a.phi - pair.b.phi))
    return ak.fill_none(ak.min(distance, axis=2), 99.0)


def flat(array):
    return ak.to_numpy(ak.flatten(array))


def detect(prt, rng, process):
    """Turn Pythia's particles of a batch into reconstructed objects of each event."""
    events = len(prt)
    counts = ak.to_numpy(ak.num(prt))
    vertices = vertex_count(rng, events)

    # All particles, flat.
    ids = flat(prt.id)
    status = flat(prt.status)
    px, py, pz, energy = (flat(prt.p[name]) for name in ("px", "py", "pz", "e"))
    pt = np.hypot(px, py)
    eta = np.arcsinh(pz / np.maximum(pt, 1e-9))
    phi = np.arctan2(py, px)
    kind = np.abs(ids)
    index = np.repeat(np.arange(events), counts)

    final = status > 0
    invisible = final & is_one_of(kind, (12, 14, 16, 1000022))
    visible = final & ~invisible
    measured = visible & (np.abs(eta) < CALORIMETER_ETA)

    def per_event(mask):
        return np.bincount(index[mask], minlength=events)

    def total(mask, values):
        return np.bincount(index[mask], weights=values[mask], minlength=events)

    # What an ideal detector would see as missing: neutrinos and what leaves at small
    # angles. The mismeasurement of every object is added to it below.
    lost = invisible | (visible & ~measured)
    missing_x = total(lost, px)
    missing_y = total(lost, py)

    # Electrons, muons and photons of the generator, with the activity around them.
    near = measured & (np.abs(eta) < 3.0) & (pt > 0.3)
    around = jagged(
        per_event(near), pt=pt[near], eta=eta[near], phi=phi[near], kind=kind[near]
    )

    def candidates(mask, cone):
        """Candidates with generated isolation; photons next to electrons are added."""
        cand = jagged(
            per_event(mask),
            pt=pt[mask], eta=eta[mask], phi=phi[mask], kind=kind[mask], sign=np.sign(ids[mask]),
        )
        pair = ak.cartesian({"a": cand, "b": around}, nested=True)
        distance = np.hypot(pair.a.eta - pair.b.eta, wrap(pair.a.phi - pair.b.phi))
        lepton = (pair.b.kind == 11) | (pair.b.kind == 13)
        other = (distance < cone) & (distance > 1e-6) & ~lepton
        cluster = other & (pair.b.kind == 22) & (distance < 0.1) & (pair.a.kind == 11)
        hadron = ak.zeros_like(distance, dtype=bool)
        for number in CHARGED_HADRONS:
            hadron = hadron | (pair.b.kind == number)
        charged = ak.sum(ak.where(other & hadron, pair.b.pt, 0.0), axis=2)
        neutral = ak.sum(ak.where(other & ~hadron & ~cluster, pair.b.pt, 0.0), axis=2)
        radiated = ak.sum(ak.where(cluster, pair.b.pt, 0.0), axis=2)
        number = ak.to_numpy(ak.num(cand))
        noise = isolation_noise(rng, np.repeat(vertices, number))
        cone_sum = flat(charged) + np.maximum(0.0, flat(neutral) + noise)
        return {
            "event": np.repeat(np.arange(events), number),
            "true_pt": flat(cand.pt) + flat(radiated),
            "eta": flat(cand.eta),
            "phi": flat(cand.phi),
            "charge": -flat(cand.sign).astype(np.int32),
            "cone": cone_sum,
        }

    def take(table, mask):
        return {key: value[mask] for key, value in table.items()}

    def jag(table):
        order = np.lexsort((-table["pt"], table["event"]))
        number = np.bincount(table["event"], minlength=events)
        fields = {key: value[order] for key, value in table.items()}
        return jagged(number, **fields)

    # Electrons.
    electron = candidates(final & (kind == 11) & (pt > 7.0) & (np.abs(eta) < ELECTRON_ETA), 0.3)
    count = len(electron["eta"])
    resolution = electron_resolution(electron["true_pt"], electron["eta"])
    electron["pt"] = electron["true_pt"] * np.maximum(0.3, rng.normal(1.0, resolution))
    electron["iso"] = electron["cone"] / electron["pt"]
    efficiency = electron_efficiency(electron["pt"], electron["eta"])
    # Identification uses the shower shape and fails more often inside jets.
    efficiency *= np.where(electron["iso"] > 0.3, 0.4, 1.0)
    flip = np.where(np.abs(electron["eta"]) < 1.4442, 0.001, 0.008)
    electron["charge"] *= np.where(rng.random(count) < flip, -1, 1).astype(np.int32)
    found = (electron["pt"] > LEPTON_PT) & (rng.random(count) < efficiency)
    # An electron whose track is missed is reconstructed as a photon.
    as_photon = ~found & (electron["iso"] < PHOTON_ISOLATION) & (electron["pt"] > PHOTON_PT)
    as_photon &= rng.random(count) < 0.1
    lost_electron = take(electron, as_photon)
    electron = take(electron, found)

    # Muons.
    muon = candidates(final & (kind == 13) & (pt > 7.0) & (np.abs(eta) < MUON_ETA), 0.4)
    count = len(muon["eta"])
    resolution = muon_resolution(muon["true_pt"], muon["eta"])
    muon["pt"] = muon["true_pt"] * np.maximum(0.3, rng.normal(1.0, resolution))
    muon["iso"] = muon["cone"] / muon["pt"]
    found = (muon["pt"] > LEPTON_PT) & (
        rng.random(count) < muon_efficiency(muon["pt"], muon["eta"])
    )
    muon = take(muon, found)

    # Photons.
    photon = candidates(final & (kind == 22) & (pt > 15.0) & (np.abs(eta) < PHOTON_ETA), 0.3)
    count = len(photon["eta"])
    resolution = electron_resolution(photon["true_pt"], photon["eta"])
    photon["pt"] = photon["true_pt"] * np.maximum(0.3, rng.normal(1.0, resolution))
    photon["iso"] = photon["cone"] / photon["pt"]
    found = (photon["pt"] > PHOTON_PT) & (photon["iso"] < PHOTON_ISOLATION)
    found &= rng.random(count) < photon_efficiency(photon["pt"], photon["eta"])
    photon = take(photon, found)
    photon = {
        key: np.concatenate([photon[key], lost_electron[key]]) for key in photon
    }
    # Photons radiated by an electron are part of the electron.
    if len(photon["pt"]) and len(electron["pt"]):
        together = jag(photon)
        clean = nearest(together, jag(electron)) > 0.2
        photon = unjag(together[clean])

    # Hadronic decays of taus.
    tau = hadronic_taus(prt, ids, kind, counts, px, py, pz, energy)
    count = len(tau["true_pt"])
    tau["pt"] = tau["true_pt"] * np.maximum(0.3, rng.normal(1.0, 0.10, count))
    found = (tau["pt"] > TAU_PT) & (np.abs(tau["eta"]) < TAU_ETA)
    found &= rng.random(count) < tau_efficiency(tau["pt"], tau["decayMode"])
    tau["decayMode"] = migrated_decay_mode(rng, tau["decayMode"])
    tau = take(tau, found)

    # Jets of all measured particles. A muon is included as in particle flow.
    inputs = jagged(
        per_event(measured), px=px[measured], py=py[measured], pz=pz[measured], E=energy[measured]
    )
    inputs = ak.with_name(inputs, "Momentum4D")
    cluster = fastjet.ClusterSequence(
        inputs, fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)
    )
    clustered = cluster.inclusive_jets(min_pt=10.0)
    number = ak.to_numpy(ak.num(clustered))
    jx, jy, jz, je = (flat(clustered[name]) for name in ("px", "py", "pz", "E"))
    jet = {"event": np.repeat(np.arange(events), number), "true_pt": np.hypot(jx, jy)}
    jet["eta"] = np.arcsinh(jz / jet["true_pt"])
    jet["phi"] = np.arctan2(jy, jx)
    jet["true_mass"] = np.sqrt(np.maximum(0.0, je**2 - jx**2 - jy**2 - jz**2))
    count = len(jet["eta"])
    resolution = jet_resolution(jet["true_pt"], jet["eta"])
    scale = np.maximum(0.1, rng.normal(1.0, resolution))
    jet["pt"] = jet["true_pt"] * scale
    jet["mass"] = jet["true_mass"] * scale * np.exp(rng.normal(0.0, 0.10, count))
    as_array = jagged(number, eta=jet["eta"], phi=jet["phi"])

    # Flavor by the nearest heavy hadron, as in the ghost association of CMS.
    flavor = np.zeros(count, dtype=np.int32)
    for quark in (4, 5):
        heavy = has_quark(ids, quark) & (pt > 5.0) & (np.abs(eta) < 3.0)
        hadrons = jagged(per_event(heavy), eta=eta[heavy], phi=phi[heavy])
        flavor[flat(nearest(as_array, hadrons)) < 0.3] = quark
    jet["flavor"] = flavor
    jet["btag"] = btag_score(rng, flavor, jet["pt"], jet["eta"])

    # A jet that is nothing but a lepton or photon fails the jet identification.
    lone = final & is_one_of(kind, (11, 13, 22)) & (pt > 8.0) & (np.abs(eta) < 3.0)
    single = jagged(per_event(lone), pt=pt[lone], eta=eta[lone], phi=phi[lone])
    pair = ak.cartesian({"a": as_array, "b": single}, nested=True)
    distance = np.hypot(pair.a.eta - pair.b.eta, wrap(pair.a.phi - pair.b.phi))
    hardest = ak.fill_none(ak.max(ak.where(distance < 0.2, pair.b.pt, 0.0), axis=2), 0.0)
    jet["only_lepton"] = flat(hardest) > 0.85 * jet["true_pt"]

    # Misidentified jets become an electron, muon, photon or tau instead.
    central = (jet["pt"] > LEPTON_PT + 5.0) & (np.abs(jet["eta"]) < TAU_ETA) & ~jet["only_lepton"]
    for table in (electron, muon):
        isolated = take(table, table["iso"] < LEPTON_ISOLATION)
        central &= flat(nearest(as_array, jag(isolated))) > 0.4 if len(isolated["pt"]) else True
    for table in (photon, tau):
        central &= flat(nearest(as_array, jag(table))) > 0.4 if len(table["pt"]) else True
    role, accepted = misidentify(rng, jet, central, events, process.fake_lepton_boost)
    fake = {name: take(jet, role == code) for name, code in ROLES.items()}
    missing_fake_x, missing_fake_y = np.zeros(events), np.zeros(events)
    for name in ("electron", "muon"):
        lepton, neutrino = fake_lepton(rng, fake[name], name)
        np.add.at(missing_fake_x, lepton["event"], neutrino * np.cos(lepton["phi"]))
        np.add.at(missing_fake_y, lepton["event"], neutrino * np.sin(lepton["phi"]))
        keep = lepton["pt"] > LEPTON_PT
        if name == "electron":
            electron = append(electron, take(lepton, keep))
        else:
            muon = append(muon, take(lepton, keep))
    photon = append(photon, fake_photon(rng, fake["photon"]))
    tau = append(tau, fake_tau(rng, fake["tau"]))

    # Every object is in one list only: a jet (or tau) within 0.4 of an isolated lepton
    # or photon is that lepton or photon; a jet within 0.4 of a tau is that tau.
    isolated_electron = jag(take(electron, electron["iso"] < LEPTON_ISOLATION))
    isolated_muon = jag(take(muon, muon["iso"] < LEPTON_ISOLATION))
    tau_array = jag(tau)
    clean = (nearest(tau_array, isolated_electron) > 0.4) & (nearest(tau_array, isolated_muon) > 0.4)
    tau_array = tau_array[clean]
    photon_array = jag(photon)
    clean = (nearest(photon_array, isolated_electron) > 0.4) & (nearest(photon_array, isolated_muon) > 0.4)
    photon_array = photon_array[clean]
    # Not sorted yet, so that it matches the flat jet table.
    separate = np.ones(count, dtype=bool)
    for array in (isolated_electron, isolated_muon, tau_array, photon_array):
        separate &= flat(nearest(as_array, array)) > 0.4

    # Missing transverse momentum: what is really missing, minus the mismeasurement of
    # each object, plus the noise of everything else.
    def add_difference(table):
        difference = table["true_pt"] - table["pt"]
        np.add.at(missing_x, table["event"], difference * np.cos(table["phi"]))
        np.add.at(missing_y, table["event"], difference * np.sin(table["phi"]))

    add_difference(take(jet, separate & ~jet["only_lepton"]))
    for array in (isolated_electron, isolated_muon, tau_array, photon_array):
        add_difference(unjag(array))
    missing_x += missing_fake_x
    missing_y += missing_fake_y
    noise = missing_momentum_noise(vertices)
    missing_x += rng.normal(0.0, 1.0, events) * noise
    missing_y += rng.normal(0.0, 1.0, events) * noise

    # Output, as in NanoAOD.
    kept = separate & ~jet["only_lepton"] & (jet["pt"] > JET_PT) & (np.abs(jet["eta"]) < JET_ETA)
    jet_array = jag(take(jet, kept))
    electron_array, muon_array = jag(electron), jag(muon)
    return {
        "accepted": accepted,
        "PV_npvs": vertices,
        "MET_pt": np.hypot(missing_x, missing_y),
        "MET_phi": np.arctan2(missing_y, missing_x),
        "Electron": columns(electron_array, mass=0.000511, charge="charge", pfRelIso03_all="iso"),
        "Muon": columns(muon_array, mass=0.10566, charge="charge", pfRelIso04_all="iso"),
        "Photon": columns(photon_array, mass=0.0, pfRelIso03_all="iso"),
        "Tau": columns(tau_array, mass="mass", charge="charge", decayMode="decayMode"),
        "Jet": columns(jet_array, mass="mass", btagDeepFlavB="btag"),
    }


def columns(array, **fields):
    """Pick and rename the fields to be written; a number is a constant column."""
    picked = {"pt": array.pt, "eta": array.eta, "phi": array.phi}
    for name, source in fields.items():
        if isinstance(source, str):
            picked[name] = array[source]
        else:
            picked[name] = ak.full_like(array.pt, source)
    return ak.zip(picked)


def unjag(array):
    table = {name: flat(array[name]) for name in array.fields}
    table["event"] = np.repeat(np.arange(len(array)), ak.to_numpy(ak.num(array)))
    return table


def append(table, more):
    return {key: np.concatenate([table[key], more[key]]) for key in table}


def hadronic_taus(prt, ids, kind, counts, px, py, pz, energy):
    """Visible momentum and decay mode of the taus that decay to hadrons."""
    start = np.concatenate([[0], np.cumsum(counts)[:-1]])
    first, last = flat(prt.daughter1), flat(prt.daughter2)
    found = {key: [] for key in ("event", "true_pt", "eta", "phi", "mass", "charge", "decayMode")}
    for i in np.flatnonzero(kind == 15):
        event = int(np.searchsorted(start, i, side="right") - 1)
        if first[i] <= 0 or last[i] < first[i]:
            continue
        daughters = np.arange(start[event] + first[i], start[event] + last[i] + 1)
        kinds = kind[daughters]
        # A copy of the tau decays later; a lepton means that it is no hadronic decay.
        if not np.any(kinds == 16) or np.any(is_one_of(kinds, (11, 13, 15))):
            continue
        seen = daughters[~is_one_of(kinds, (12, 14, 16))]
        x, y, z, e = px[seen].sum(), py[seen].sum(), pz[seen].sum(), energy[seen].sum()
        transverse = np.hypot(x, y)
        prongs = int(np.sum(is_one_of(kind[seen], (211, 321))))
        neutral = int(np.sum(kind[seen] == 111))
        if prongs not in (1, 3) or transverse < 10.0:
            continue
        found["event"].append(event)
        found["true_pt"].append(transverse)
        found["eta"].append(np.arcsinh(z / transverse))
        found["phi"].append(np.arctan2(y, x))
        found["mass"].append(np.sqrt(max(0.0, e * e - x * x - y * y - z * z)))
        found["charge"].append(-np.sign(ids[i]))
        # The NanoAOD numbers: 0, 1, 2 for one prong with 0, 1, 2 pi0, and 10, 11 for three.
        found["decayMode"].append(min(neutral, 2) if prongs == 1 else 10 + min(neutral, 1))
    kinds = {"event": np.int64, "charge": np.int32, "decayMode": np.int32}
    return {key: np.array(value, dtype=kinds.get(key, np.float64)) for key, value in found.items()}


def migrated_decay_mode(rng, mode):
    """One decay in eight is reconstructed with a pi0 more or less."""
    partner = np.select([mode == 0, mode == 1, mode == 2, mode == 10, mode == 11], [1, 0, 1, 11, 10], mode)
    # The HPS algorithm reports one and two pi0 as decay mode 1.
    merged = np.where(mode == 2, 1, mode)
    wrong = (rng.random(len(mode)) < 0.12) & (mode != 2)
    return np.where(wrong, partner, merged).astype(np.int32)


def btag_score(rng, flavor, pt, eta):
    """Draw a DeepJet-like score whose efficiencies are those of BTAG_ABOVE."""
    score = np.zeros(len(flavor))
    for kind, above in BTAG_ABOVE.items():
        mask = flavor == kind
        draw = rng.random(int(mask.sum()))
        if kind == 5:
            # b tagging is best between 50 and 200 GeV and inside |eta| < 1.5: elsewhere
            # shift the draw so that fewer b jets look well tagged.
            worse = 0.10 * np.exp(-(pt[mask] - 25.0) / 25.0) + 0.05 * (np.abs(eta[mask]) > 1.5)
            worse += 0.08 * np.clip((pt[mask] - 200.0) / 400.0, 0.0, 1.0)
            draw = draw ** (1.0 - worse)
        # Above the working points the probability falls; np.interp wants it rising.
        score[mask] = np.interp(draw, above[::-1], BTAG_SCORE[::-1])
    return np.clip(score, 0.0005, 0.9995)


ROLES = {"electron": 1, "muon": 2, "photon": 3, "tau": 4}


def misidentify(rng, jet, usable, events, boost):
    """Decide for each jet whether it is reconstructed as something else.

    Returns the role of each jet (0: a jet) and whether each event is kept.
    """
    count = len(jet["pt"])

    def by_flavor(table):
        return np.select([jet["flavor"] == 5, jet["flavor"] == 4], [table[5], table[4]], table[0])

    electron = np.where(usable, by_flavor(FAKE_ELECTRON), 0.0)
    muon = np.where(usable, by_flavor(FAKE_MUON), 0.0)
    photon = np.where(usable & (jet["pt"] > PHOTON_PT), FAKE_PHOTON, 0.0)
    tau = np.where(usable & (jet["pt"] > TAU_PT), FAKE_TAU * np.clip(40.0 / jet["pt"], 0.2, 1.3), 0.0)
    accepted = np.ones(events, dtype=bool)
    role = np.zeros(count, dtype=np.int32)
    draw = rng.random(count)
    if boost > 0:
        # One lepton per event, from one jet, chosen by its probability.
        # A jet below 26 GeV cannot give the lepton that the selection asks for.
        weight = np.where(jet["pt"] > 26.0, electron + muon, 0.0)
        summed = np.bincount(jet["event"], weights=weight, minlength=events)
        accepted = rng.random(events) < np.minimum(1.0, boost * summed)
        target = rng.random(events) * summed
        running = np.cumsum(weight)
        before = np.concatenate([[0.0], np.cumsum(summed)[:-1]])
        upper = running - before[jet["event"]]
        chosen = (target[jet["event"]] < upper) & (target[jet["event"]] >= upper - weight) & (weight > 0)
        share = rng.random(count) < electron / np.maximum(weight, 1e-12)
        role[chosen] = np.where(share[chosen], ROLES["electron"], ROLES["muon"])
        edge = photon + tau
        role[(role == 0) & (draw < photon)] = ROLES["photon"]
        role[(role == 0) & (draw >= photon) & (draw < edge)] = ROLES["tau"]
        return role, accepted
    edges = np.cumsum([electron, muon, photon, tau], axis=0)
    for code in (4, 3, 2, 1):
        role[draw < edges[code - 1]] = code
    return role, accepted


def fake_lepton(rng, jet, name):
    """The lepton that stands for a misidentified jet, and the momentum of a neutrino."""
    count = len(jet["pt"])
    heavy = jet["flavor"] >= 4
    # Isolated leptons of heavy flavor take most of the jet; the rest is a neutrino and
    # soft hadrons. A light jet that looks like an electron is nearly all of the jet.
    fraction = np.where(heavy, rng.uniform(0.55, 0.95, count), np.clip(rng.normal(0.88, 0.08, count), 0.5, 1.05))
    lepton = {
        "event": jet["event"],
        "pt": jet["pt"] * fraction,
        "true_pt": jet["pt"] * fraction,
        "eta": jet["eta"] + rng.normal(0.0, 0.02, count),
        "phi": wrap(jet["phi"] + rng.normal(0.0, 0.02, count)),
        "charge": rng.choice(np.array([-1, 1], dtype=np.int32), count),
    }
    # More of them near the edge of the isolation than at zero. The probabilities are
    # those of isolated leptons; the others come from the generated heavy flavor.
    lepton["iso"] = LEPTON_ISOLATION * np.sqrt(rng.random(count))
    lepton["cone"] = lepton["iso"] * lepton["pt"]
    neutrino = np.where(heavy, (jet["pt"] - lepton["pt"]) * rng.uniform(0.3, 0.9, count), 0.0)
    limit = ELECTRON_ETA if name == "electron" else MUON_ETA
    lepton["eta"] = np.clip(lepton["eta"], -limit, limit)
    return lepton, neutrino


def fake_photon(rng, jet):
    count = len(jet["pt"])
    table = {
        "event": jet["event"],
        "pt": jet["pt"] * np.clip(rng.normal(0.92, 0.06, count), 0.6, 1.05),
        "eta": jet["eta"],
        "phi": jet["phi"],
        "charge": np.zeros(count, dtype=np.int32),
        "iso": PHOTON_ISOLATION * np.sqrt(rng.random(count)),
    }
    table["true_pt"] = table["pt"]
    table["cone"] = table["iso"] * table["pt"]
    return take_pt(table, PHOTON_PT)


def fake_tau(rng, jet):
    count = len(jet["pt"])
    mode = rng.choice(np.array([0, 1, 10, 11], dtype=np.int32), count, p=[0.2, 0.45, 0.25, 0.1])
    table = {
        "event": jet["event"],
        "pt": jet["pt"] * np.clip(rng.normal(0.88, 0.08, count), 0.5, 1.05),
        "eta": jet["eta"],
        "phi": jet["phi"],
        "charge": rng.choice(np.array([-1, 1], dtype=np.int32), count),
        "decayMode": mode,
        "mass": np.where(mode == 0, 0.13957, rng.uniform(0.5, 1.4, count)),
    }
    table["true_pt"] = table["pt"]
    return take_pt(table, TAU_PT)


def take_pt(table, minimum):
    mask = table["pt"] > minimum
    return {key: value[mask] for key, value in table.items()}


# --------------------------------------------------------------------------------------
# Output.
# --------------------------------------------------------------------------------------

# Bits of the mantissa that are kept. NanoAOD also stores reduced precision; without it
# the last bits are noise that does not compress.
MANTISSA = {"eta": 12, "phi": 12}
MANTISSA_DEFAULT = 10


def rounded(values, bits):
    """Round float32 values to the given number of bits of the mantissa."""
    raw = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32).astype(np.uint64)
    drop = 23 - bits
    raw = (raw + (1 << (drop - 1))) >> drop << drop
    return raw.astype(np.uint32).view(np.float32)


def reduced(name, array):
    bits = MANTISSA.get(name, MANTISSA_DEFAULT)
    values = ak.to_numpy(array) if array.ndim == 1 else ak.to_numpy(ak.flatten(array))
    if np.issubdtype(values.dtype, np.integer):
        result = values.astype(np.int32)
    else:
        result = rounded(values, bits)
        if name == "phi":
            # Rounding must not carry an angle beyond pi.
            step = np.float32(2.0 ** (1 - bits))
            result = np.where(np.abs(result) > np.pi, np.sign(result) * (np.float32(np.pi) // step * step), result)
            result = result.astype(np.float32)
    return result if array.ndim == 1 else ak.unflatten(result, ak.to_numpy(ak.num(array)))


def write(path, title, data, codec, order):
    """Write the tree 'Events' next to path and rename it, so that no half file remains."""
    events = len(order)
    number = np.arange(events)
    scalars = {
        "run": np.ones(events, dtype=np.uint32),
        "luminosityBlock": (number // 1000 + 1).astype(np.uint32),
        "event": (number + 1).astype(np.uint64),
    }
    collections = {}
    for key, value in data.items():
        value = ak.Array(value)[order]
        if value.fields:
            collections[key] = ak.zip({name: reduced(name, value[name]) for name in value.fields})
        else:
            scalars[key] = ak.to_numpy(reduced(key.split("_")[-1], value))
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".root.part")
    os.close(handle)
    try:
        with uproot.recreate(temporary, compression=CODECS[codec]()) as file:
            types = {key: value.dtype for key, value in scalars.items()}
            types |= {key: value.type.content for key, value in collections.items()}
            # mktree, because plain assignment writes an RNTuple.
            tree = file.mktree("Events", types, title=title, counter_name=lambda name: "n" + name)
            for begin in range(0, events, 10000):
                part = slice(begin, min(events, begin + 10000))
                tree.extend({key: value[part] for key, value in {**scalars, **collections}.items()})
        # mkstemp makes a file that only its owner may read.
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


# --------------------------------------------------------------------------------------
# Steering.
# --------------------------------------------------------------------------------------


def collect(pool, jobs, name, wanted, seed, chunks):
    """Selected events of one process, in the order of the chunks.

    With a folder 'chunks', finished chunks are kept there and found again.
    """
    make = partial(make_stored_chunk, chunks) if chunks else make_chunk
    pending, parts = deque(), []
    chunk = selected = tried = generated = 0
    begin = time.time()
    while selected < wanted:
        while len(pending) < jobs:
            pending.append(pool.submit(make, name, seed, chunk))
            chunk += 1
        part, chunk_tried, chunk_generated = pending.popleft().result()
        parts.append(part)
        selected += len(part["PV_npvs"])
        tried += chunk_tried
        generated += chunk_generated
        if len(parts) == 5 and selected == 0:
            raise RuntimeError(
                f"process '{name}': none of {generated} events passes the selection. "
                "Check its settings in PROCESSES."
            )
    for job in pending:
        job.cancel()
    data = {key: ak.concatenate([part[key] for part in parts])[:wanted] for key in parts[0]}
    print(
        f"  {name}: {tried} hard processes, {generated} after the early veto, {selected} selected "
        f"({100.0 * selected / generated:.1f} % of the generated, {100.0 * selected / tried:.2f} % "
        f"of the hard processes); {wanted} kept; {time.time() - begin:.0f} s",
        flush=True,
    )
    return data


def make_sample(pool, jobs, path, title, mixture, seed, codec, chunks):
    print(f"{path.name}: seed {seed}, {codec}", flush=True)
    parts = [collect(pool, jobs, name, wanted, seed, chunks) for name, wanted in mixture]
    data = {key: ak.concatenate([part[key] for part in parts]) for key in parts[0]}
    count = sum(wanted for _, wanted in mixture)
    order = np.random.default_rng([seed, 1]).permutation(count)
    write(path, title, data, codec, order)
    print(f"  {count} events, {path.stat().st_size} bytes", flush=True)
    for key, value in data.items():
        if ak.Array(value).fields:
            print(f"  mean number, {key}: {float(ak.mean(ak.num(value))):.3f}", flush=True)


def print_event(name, seed):
    """Print the hard process and the decays of its resonances for one event."""
    pythia, _ = start_pythia(name, seed)
    while not pythia.next():
        pass
    pythia.process.list()


def ignore_interrupt():
    """Let a worker finish its chunk after Ctrl-C, which goes to all processes of a terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main():
    parser = argparse.ArgumentParser(
        description="Make simulated collision samples (ROOT files with a tree 'Events') with "
        "Pythia 8, FastJet and a parametrized, CMS-like detector.",
        epilog="examples:\n"
        "  everything in Samples/:   python3 scripts/simulate.py --all --jobs 2 --output Samples\n"
        "  a small trial of it:      python3 scripts/simulate.py --all --scale 0.01 --output trial\n"
        "  the target tasks:         python3 scripts/simulate.py --tasks --jobs 2 --output results/samples/tasks\n"
        "  a million unlabeled:      python3 scripts/simulate.py --unlabeled 1000000 --jobs 2 "
        "--output results/samples/unlabeled.root\n"
        "  one process:              python3 scripts/simulate.py --process ttbar --events 5000 "
        "--seed 7 --output ttbar.root\n"
        "  look at one event:        python3 scripts/simulate.py --process 2hdm_425_325 --print-event\n"
        "\n--tasks and --unlabeled can be interrupted: finished chunks of events are kept in a folder\n"
        "whose name ends in .chunks, and the same command goes on after them. A larger number of\n"
        "events goes on too. The folder may be deleted when the files are complete, and must be\n"
        "before this script or its packages change.\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--all", action="store_true", help="make all shipped samples")
    what.add_argument("--tasks", action="store_true", help="make the samples of the tasks in Configurations/tasks")
    what.add_argument("--unlabeled", type=int, metavar="N", help="make N events like those of unlabeled.root, but others")
    what.add_argument("--process", choices=sorted(PROCESSES), metavar="NAME", help="make a sample of one process")
    what.add_argument("--list", action="store_true", help="list the processes and the shipped samples")
    parser.add_argument("--output", type=Path, help="folder for --all and --tasks; file (.root) for --unlabeled and --process")
    parser.add_argument("--events", type=int, help="events after the selection of each file, for --process (default 1000) and --tasks (default 12000)")
    parser.add_argument("--seed", type=int, default=1, help="random seed, for --process (default 1)")
    parser.add_argument("--codec", choices=sorted(CODECS), default="zlib", help="compression, for --process (default zlib)")
    parser.add_argument("--scale", type=float, default=1.0, help="with --all: make this fraction of the events (default 1)")
    parser.add_argument("--jobs", type=int, default=1, help="parallel processes; does not change the result (default 1)")
    parser.add_argument("--print-event", action="store_true", help="with --process: print the hard process of one event and stop")
    options = parser.parse_args()

    if options.list:
        for name, process in PROCESSES.items():
            print(f"{name:14s} {process.title}")
        for sample in (*SAMPLES, *task_samples(12000)):
            print(f"{sample.file}: " + ", ".join(f"{count} {name}" for name, count in sample.mixture))
        return
    if options.process and options.print_event:
        print_event(options.process, options.seed)
        return
    if options.output is None:
        parser.error("--output is missing: give a folder with --all or --tasks, a file name with --process or --unlabeled")
    events = options.events if options.events is not None else 1000 if options.process else 12000
    unlabeled = options.unlabeled is not None
    counts = [("--events", events), ("--jobs", options.jobs), ("--scale", options.scale)]
    for name, value in counts + ([("--unlabeled", options.unlabeled)] if unlabeled else []):
        if value <= 0:
            parser.error(f"{name} is {value}; it must be larger than 0")
    if options.seed < 0:
        parser.error(f"--seed is {options.seed}; it must be 0 or larger")

    # Where finished chunks wait for the rest, if the work is long.
    chunks = options.output.with_suffix(".chunks") if options.tasks or unlabeled else None
    if options.process or unlabeled:
        if options.output.suffix != ".root":
            option = "--unlabeled" if unlabeled else "--process"
            parser.error(f"--output is '{options.output}'; with {option} it must be a file name that ends in .root")
        if not options.output.parent.is_dir():
            parser.error(f"the folder '{options.output.parent}' of --output does not exist; make it first")
        folder = options.output.parent
    else:
        folder = options.output
        folder.mkdir(parents=True, exist_ok=True)
    if options.process:
        title = f"Simulated {PROCESSES[options.process].title}"
        mixture = ((options.process, events),)
        samples = [Sample(options.output.name, title, mixture, options.seed, options.codec)]
    elif options.tasks:
        samples = task_samples(events)
    elif unlabeled:
        samples = [large_unlabeled(options.output.name, options.unlabeled)]
    else:
        samples = [
            replace(sample, mixture=tuple((name, max(1, round(count * options.scale))) for name, count in sample.mixture))
            for sample in SAMPLES
        ]
    if chunks:
        chunks.mkdir(exist_ok=True)
        # What ends a long run, such as the time limit of a batch job, is an interruption as Ctrl-C
        # is; otherwise the workers would stay behind.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    begin = time.time()
    # 'spawn' also where 'fork' is the default: Pythia and FastJet hold state that
    # should not be copied into a running process.
    starter = ignore_interrupt if chunks else None
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn"), initializer=starter) as pool:
        try:
            for sample in samples:
                make_sample(
                    pool, options.jobs, folder / sample.file, sample.title, sample.mixture, sample.seed, sample.codec, chunks
                )
        except KeyboardInterrupt:
            if chunks is None:
                raise
            print("interrupted; waiting for the chunks that are being made", file=sys.stderr)
            pool.shutdown(cancel_futures=True)
            sys.exit(f"The same command goes on after what is in {chunks}.")
    print(f"total time {time.time() - begin:.0f} s with {options.jobs} job(s)")
    if chunks:
        print(f"{chunks} may be deleted, unless more events are to be made later")


if __name__ == "__main__":
    main()
