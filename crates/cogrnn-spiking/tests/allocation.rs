//! Nothing is allocated within the time loop once it has run for a while.

use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::random::Purpose;
use cogrnn_core::units::ms;
use cogrnn_spiking::balanced::{Balanced, Default2023, NoiseModel, Wiring};
use cogrnn_spiking::connect;
use cogrnn_spiking::driven::{Driven, Settings};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, counting calls of all threads.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);

// Safety: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(old, layout, size) }
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn calls(work: impl FnOnce()) -> usize {
    let before = CALLS.load(Ordering::Relaxed);
    work();
    CALLS.load(Ordering::Relaxed) - before
}

#[test]
fn steps_allocate_nothing() {
    let wiring: Wiring<f32> = Default2023 { neurons: 500, ..Default2023::default() }.wiring(1).unwrap();
    let crew = Crew::new(2).unwrap();
    let wiring = Wiring { noise: NoiseModel::Voltage(0.3), ..wiring };
    let mut network = Balanced::new(wiring, Isa::best(), 2).unwrap();
    network.begin(1, Purpose::TestUnits, 0);
    network.record(true, 100_000);
    network.advance(20, &crew);
    assert_eq!(calls(|| network.advance(2000, &crew)), 0);
    assert!(network.raster().len() > 100);

    let weights = connect::sparse_gaussian::<f32>(200, 0.3, 4.0, true, 1);
    let mut network = Driven::new(Settings::theta(ms(20.0)), weights, Isa::best(), 2).unwrap();
    network.begin(1, Purpose::TestUnits, 0);
    network.step(&crew);
    assert_eq!(calls(|| (0..100).for_each(|_| network.step(&crew))), 0);

    assert!(calls(|| drop(std::hint::black_box(vec![1]))) > 0, "the count counts");
}
