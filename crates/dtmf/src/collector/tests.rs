mod model;
mod stages;
