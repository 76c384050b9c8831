//! How equal subscriptions are executed once: each is opened by an execution of its own, which checks who asks, reads the
//! arguments and joins the hub; its frames are handed over unexecuted, and the selection is then executed on one frame
//! at a time, for all who are to get the same answer.
//!
//! Not here: who is to get the same answer (`transport::groups`).

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::hub::{EventFrame, EventStream};

/// Put into the data of a request, it is given the frames of the subscription, which then has no answers of its own.
/// Empty after the execution if that was refused, or is not about frames. Clones are the same.
#[derive(Clone, Default)]
pub struct Handover(Arc<Mutex<Option<EventStream>>>);

/// Put into the data of a request, it is the only frame that the subscription answers, whatever its arguments. Whoever
/// executes that has to know that the caller may have it.
pub struct OneFrame(Mutex<Option<EventFrame>>);

impl Handover {
    /// What was handed over.
    pub fn take(&self) -> Option<EventStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, events: EventStream) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(events);
    }
}

impl OneFrame {
    /// This one.
    pub fn new(frame: EventFrame) -> Self {
        Self(Mutex::new(Some(frame)))
    }
}

/// The only frame of a request, if it has that.
pub(super) fn the_one(ctx: &Context<'_>) -> Option<BoxStream<'static, EventFrame>> {
    let one = ctx.data_opt::<OneFrame>()?;
    let frame = one.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    Some(stream::iter(frame).boxed())
}

/// The frames, or none if they were handed over.
pub(super) fn offer(ctx: &Context<'_>, events: EventStream) -> BoxStream<'static, EventFrame> {
    match ctx.data_opt::<Handover>() {
        Some(handover) => {
            handover.put(events);
            stream::empty().boxed()
        }
        None => events.into_stream().boxed(),
    }
}
